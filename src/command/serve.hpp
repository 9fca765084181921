// `coffer serve`: the server from its start to its end.
#pragma once

#include "command/serve_options.hpp"

namespace coffer::command {

/// Serves until a signal stops it, then takes a last snapshot; returns, too, if one comes before it
/// serves. The signals are held back: see ops/signal_watch.hpp. Throws std::exception, with a text
/// for people, if it cannot begin to.
void serve(const serve_options&);

}  // namespace coffer::command
