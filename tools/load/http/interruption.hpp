// SIGINT and SIGTERM: the first ends a run early, a second the program at once.
#pragma once

namespace coffer::load {

/// From now on takes both signals. A second one has its usual effect, unless it comes within a
/// second of the first: `timeout` and some supervisors send two.
void take_interruptions();

/// Whether one has come. Thread safety: from any thread.
[[nodiscard]] bool is_interrupted() noexcept;

}  // namespace coffer::load
