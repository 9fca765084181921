#include "http/request_figures.hpp"

#include <algorithm>

namespace coffer::http {
namespace {

constexpr int first_status = 100;
constexpr int after_last_status = 600;

constexpr auto places = [] {
    std::array<std::uint8_t, after_last_status - first_status> made{};
    std::ranges::fill(made, static_cast<std::uint8_t>(counted_statuses.size() - 1));
    for (std::size_t i = 0; i != counted_statuses.size(); ++i)
        made[static_cast<std::size_t>(counted_statuses[i] - first_status)] =
            static_cast<std::uint8_t>(i);
    return made;
}();

}  // namespace

std::size_t place_of_status(int status) noexcept {
    const bool is_known = status >= first_status && status < after_last_status;
    return places[static_cast<std::size_t>(is_known ? status - first_status : 0)];
}

}  // namespace coffer::http
