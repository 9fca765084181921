// The log: one line an event, on standard error.
//
// Logging never waits for the log's reader: lines that are not read in time are dropped, and a
// later line says how many were. Formats are fmt's, checked when they are compiled. Only log.cpp
// knows who formats and writes: that is a lot of code, and would be compiled again for every file
// that logs.
//
// Thread safety  error, info, warn, flush and end_with may be called from any thread at once; start
//                and send_to while no other thread logs.
#pragma once

#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string_view>

namespace coffer::log {

/// Sends the log to standard error, each line with its UTC time and level. Throws std::bad_alloc,
/// std::system_error if there is no thread to be had.
void start();

/// Sends the log to `where`, each line with its level alone, until start or send_to is called
/// again. `where` must live till then. Throws std::bad_alloc.
void send_to(std::ostream& where);

/// Waits until what was logged is written, but not longer than `patience`: for before the process
/// ends.
void flush(std::chrono::milliseconds patience = std::chrono::milliseconds{500}) noexcept;

/// Writes `line` as it is, after what was logged before, and flushes. Where the log was not started
/// it is written directly, and waits for the reader.
void end_with(std::string_view line) noexcept;

namespace detail {

enum class level : std::uint8_t { info, warn, error };

/// A line there is no memory for is lost.
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
