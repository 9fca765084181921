#include "ops/duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace coffer {
namespace {

struct unit {
    std::string_view name;
    std::int64_t microseconds;
};
constexpr std::array units{
    unit{"us", 1},         unit{"ms", 1000},         unit{"s", 1'000'000},
    unit{"m", 60'000'000}, unit{"h", 3'600'000'000}, unit{"d", 86'400'000'000}};

}  // namespace

std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
    std::int64_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{} || count < 0)
        return std::nullopt;
    const std::string_view name{stopped, static_cast<std::size_t>(end - stopped)};
    if (name.empty() && count == 0)
        return std::chrono::microseconds{0};
    const auto found = std::find_if(units.begin(), units.end(),
                                    [name](const unit& one) { return one.name == name; });
    // A bound far above any use: a deadline can always be computed, in nanoseconds too.
    constexpr std::int64_t most_microseconds = std::int64_t{100} * 365 * 86'400'000'000;
    if (found == units.end() || count > most_microseconds / found->microseconds)
        return std::nullopt;
    return std::chrono::microseconds{count * found->microseconds};
}

std::string to_string(std::chrono::microseconds duration) {
    const auto largest = std::find_if(units.rbegin(), units.rend(), [duration](const unit& one) {
        return duration.count() % one.microseconds == 0;
    });
    return std::to_string(duration.count() / largest->microseconds) + std::string{largest->name};
}

}  // namespace coffer
