// Runs the load from the first balance to the audit.
#pragma once

#include "load/results.hpp"

namespace coffer::load {

/// Reads the balances, loads the server, and reads the balances again. Progress goes to standard
/// error. Throws std::runtime_error where the server is not there, before or after.
[[nodiscard]] results run(const options& chosen);

}  // namespace coffer::load
