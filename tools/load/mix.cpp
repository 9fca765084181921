#include "load/mix.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace coffer::load {
namespace {

constexpr std::uint64_t most_weight = 1'000'000;

std::optional<std::uint64_t> parse_weight(std::string_view text) {
    std::uint64_t weight = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, weight);
    if (error != std::errc{} || stopped != end || weight > most_weight)
        return std::nullopt;
    return weight;
}

}  // namespace

std::optional<mix> mix::parse(std::string_view text) {
    std::array<std::optional<std::uint64_t>, operation_count> weights;
    for (bool more = true; more;) {
        const std::size_t comma = text.find(',');
        const std::string_view part = text.substr(0, comma);
        more = comma != text.npos;
        text = more ? text.substr(comma + 1) : "";

        const std::size_t equals = std::min(part.find('='), part.size());
        const auto found = std::ranges::find(operation_names, part.substr(0, equals));
        if (found == operation_names.end() || equals == part.size())
            return std::nullopt;
        auto& weight = weights[static_cast<std::size_t>(found - operation_names.begin())];
        if (weight)
            return std::nullopt;
        weight = parse_weight(part.substr(equals + 1));
        if (!weight)
            return std::nullopt;
    }
    mix parsed;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i != operation_count; ++i)
        parsed.up_to_[i] = sum += weights[i].value_or(0);
    if (sum == 0)
        return std::nullopt;
    return parsed;
}

bool mix::has(operation one) const noexcept {
    return up_to_[place(one)] != (one == operation{} ? 0 : up_to_[place(one) - 1]);
}

operation mix::pick(std::uint64_t random) const noexcept {
    const std::uint64_t at = random % up_to_.back();
    std::size_t i = 0;
    while (at >= up_to_[i])
        ++i;
    return static_cast<operation>(i);
}

}  // namespace coffer::load
