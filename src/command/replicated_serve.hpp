// Runs `coffer serve --replicate`: one node of a replicated ledger.
#pragma once

#include "command/serve_options.hpp"
#include "ops/signal_watch.hpp"

namespace coffer::command {

/// Serves until a signal stops the node: as a standby, as the leader, and as a standby again. Each
/// change of role ends the HTTP server and begins another at the same addresses. Throws
/// std::exception, with a text for people, if the node cannot start, or its files, its directory
/// and the store contradict each other; stopping::stopped.
void serve_replicated(const serve_options& options, signal_watch& signals);

}  // namespace coffer::command
