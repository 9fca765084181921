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
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace coffer::log {

/// What a line is: `2026-11-23T15:00:00.000Z info text`, or a JSON object with `time`, `level` and
/// `message`, whatever the text has.
enum class format : std::uint8_t { text, json };

enum class level : std::uint8_t { error, warn, info };

struct options {
    log::format format = format::text;
    log::level level = level::info;  ///< lines above it are left out
    /// Every how many requests one is logged; 0: none is.
    std::uint64_t access_every = 0;
};

/// Reads text or json; error, warn or info; off, all, or 1/100 for one of a hundred. Nothing if the
/// text is none of them.
[[nodiscard]] std::optional<format> parse_format(std::string_view text) noexcept;
[[nodiscard]] std::optional<level> parse_level(std::string_view text) noexcept;
[[nodiscard]] std::optional<std::uint64_t> parse_access(std::string_view text) noexcept;

/// Sends the log to standard error. Throws std::bad_alloc, std::system_error if no thread can be
/// started.
void start(const options& chosen = {});
[[nodiscard]] std::uint64_t access_every() noexcept;

/// Sends the log to `where`, each line with its level and without its time, until start or send_to
/// is called again.
/// `where` must outlive that. Throws std::bad_alloc. For tests.
void send_to(std::ostream& where, format as = format::text);

/// Waits up to `patience` until all lines are written. Call it before the process ends.
void flush(std::chrono::milliseconds patience = std::chrono::milliseconds{500}) noexcept;

/// Writes `line` after the lines logged before, unchanged or as an error in JSON, and flushes. If
/// the log was not started, writes to standard error directly and may block.
void end_with(std::string_view line) noexcept;

namespace detail {

/// Drops the line if there is no memory for it.
void write(level level, fmt::string_view what, fmt::format_args with) noexcept;

}  // namespace detail

template <class... Arguments>
void error(fmt::format_string<Arguments...> what, Arguments&&... with) noexcept {
    detail::write(level::error, what, fmt::make_format_args(with...));
}

/// What happened, with its particulars.
struct member {
    std::string_view name;  ///< letters, digits and underscores
    std::variant<std::string_view, std::uint64_t, double> value;
};
/// Logs it as info: `request method=GET status=200`, a text that has more than visible ASCII as a
/// JSON string; or as members of the line's JSON object, behind `event`. Never throws.
void event(std::string_view what, std::span<const member> members) noexcept;

template <class... Arguments>
void info(fmt::format_string<Arguments...> what, Arguments&&... with) noexcept {
    detail::write(level::info, what, fmt::make_format_args(with...));
}

template <class... Arguments>
void warn(fmt::format_string<Arguments...> what, Arguments&&... with) noexcept {
    detail::write(level::warn, what, fmt::make_format_args(with...));
}

}  // namespace coffer::log
