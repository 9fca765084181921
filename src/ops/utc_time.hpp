// Writes and parses times as RFC 3339 text, in UTC, to the nanosecond.
//
// Thread safety  every function is pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coffer {

/// Returns "2026-11-23T15:00:00.123456789Z" for nanoseconds since 1970.
[[nodiscard]] std::string to_utc_text(std::uint64_t time_ns);

/// Appends the text of to_utc_text. Allocates nothing where `out` has room for it.
void append_utc_text(std::string& out, std::uint64_t time_ns);

/// Parses a date ("2026-11-23", midnight in UTC) or a time of RFC 3339: a year from 0001 to 9999,
/// seconds with any number of decimals, and Z or an offset from UTC
/// ("2026-11-23T16:00:00.5+01:00"). A leap second (60, at the end of a month in UTC) is read as the
/// second after it, as the system's clock has it. Returns nanoseconds since 1970, rounded up; 0 for
/// a time before 1970, and the largest number for one after 2554; nothing if the text is neither a
/// date nor a time.
[[nodiscard]] std::optional<std::uint64_t> parse_utc_text(std::string_view text);

}  // namespace coffer
