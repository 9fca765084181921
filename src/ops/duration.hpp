// Reads and writes durations such as 500ms, 30s or 7d.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace coffer {

/// Parses "200us", "500ms", "30s", "5m", "1h", "7d" or "0".
[[nodiscard]] std::optional<std::chrono::microseconds> parse_duration(std::string_view text);

/// Returns the text that parse_duration reads, in the largest unit that is exact.
[[nodiscard]] std::string to_string(std::chrono::microseconds duration);

}  // namespace coffer
