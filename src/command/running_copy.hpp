// Runs a command that makes a copy of a data directory, and lets signals interrupt it.
#pragma once

#include <functional>

namespace coffer::command {

/// Runs `copy` with the log started, and returns its exit status. SIGINT, SIGTERM and SIGHUP make
/// it stop at its next stopping::check; then the process ends by that signal. A second signal ends
/// the process at once. For the main thread, once in a process.
int run_copy(const std::function<int()>& copy);

}  // namespace coffer::command
