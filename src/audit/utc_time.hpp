// Moments as text: RFC 3339, in UTC, to the nanosecond.
//
// Thread safety  every function is pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coffer::audit {

/// "2026-11-23T15:00:00.123456789Z" for nanoseconds since 1970.
[[nodiscard]] std::string to_utc_text(std::uint64_t time_ns);

/// Reads a date ("2026-11-23", its midnight in UTC) or a moment as RFC 3339 has it: seconds with up
/// to nine decimals, and Z or an offset from UTC ("2026-11-23T16:00:00.5+01:00"). Returns
/// nanoseconds since 1970; nothing if it is neither, or before 1970 or after 2262, when they end.
[[nodiscard]] std::optional<std::uint64_t> parse_utc_text(std::string_view text);

}  // namespace coffer::audit
