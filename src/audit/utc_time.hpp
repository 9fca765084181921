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

/// Reads a date ("2026-11-23", its midnight in UTC) or a moment as RFC 3339 has it: a year from
/// 0001 to 9999, seconds with any number of decimals, and Z or an offset from UTC
/// ("2026-11-23T16:00:00.5+01:00"). A leap second, the second 60 at the end of a month in UTC, is
/// the second after it, as it is for the system's clock. Returns the first whole nanosecond since
/// 1970 that is not before that moment: 0 for one before 1970, and the largest there is for one
/// after 2554, when they end; nothing if the text is neither a date nor a moment.
[[nodiscard]] std::optional<std::uint64_t> parse_utc_text(std::string_view text);

}  // namespace coffer::audit
