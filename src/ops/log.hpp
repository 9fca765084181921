// The log: one line an event, on standard error.
#pragma once

#include <spdlog/spdlog.h>

namespace coffer::log {

using spdlog::error;
using spdlog::info;
using spdlog::warn;

/// Sends the log to standard error, each line with its UTC time and level. Call once, before any
/// other thread starts.
void start();

}  // namespace coffer::log
