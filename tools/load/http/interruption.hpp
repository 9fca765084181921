// Handles SIGINT and SIGTERM: the first ends a run early, a second the program at once.
#pragma once

namespace coffer::load {

/// Installs the handlers. A second signal has its default effect, unless it comes within a second
/// of the first: `timeout` and some supervisors send two.
void take_interruptions();

/// Whether a signal has come. May be called from any thread.
[[nodiscard]] bool is_interrupted() noexcept;

}  // namespace coffer::load
