// The log: one line an event, on standard error.
//
// Logging never waits for the log's reader: lines that are not read in time are dropped, and a
// later line states how many. Formats are fmt's, checked at compile time. spdlog is included in
// log.cpp alone, since it takes long to compile.
//
// Thread safety  error, info, warn, flush and end_with may be called from any thread at once; start
//                and send_to only while no other thread logs.
#pragma once

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string_view>

namespace coffer::log {

/// Sends the log to standard error, each line with its UTC time and level. Throws std::bad_alloc,
/// std::system_error if no thread can be started.
void start();

/// Sends the log to `where`, each line with its level, until start or send_to is called again.
/// `where` must outlive that. Throws std::bad_alloc. For tests.
void send_to(std::ostream& where);

/// Waits up to `patience` until all lines are written. Call it before the process ends.
void flush(std::chrono::milliseconds patience = std::chrono::milliseconds{500}) noexcept;

/// Writes `line` unchanged after the lines logged before, and flushes. If the log was not started,
/// writes to standard error directly and may block.
void end_with(std::string_view line) noexcept;

namespace detail {

enum class level : std::uint8_t { info, warn, error };

/// Drops the line if there is no memory for it.
void write(level level, fmt::string_view what, fmt::format_args with) noexcept;

}  // namespace detail

template <class... Arguments>
void error(fmt::format_string<Arguments...> what, Arguments&&... with) noexcept {
    detail::write(detail::level::error, what, fmt::make_format_args(with...));
}

template <class... Arguments>
void info(fmt::format_string<Arguments...> what, Arguments&&... with) noexcept {
    detail::write(detail::level::info, what, fmt::make_format_args(with...));
}

template <class... Arguments>
void warn(fmt::format_string<Arguments...> what, Arguments&&... with) noexcept {
    detail::write(detail::level::warn, what, fmt::make_format_args(with...));
}

}  // namespace coffer::log
