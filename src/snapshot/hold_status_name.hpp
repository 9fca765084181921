// The names of a hold's status in a snapshot.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include <coffer/hold.hpp>

namespace coffer::snapshot {

inline constexpr std::array<std::string_view, 4> hold_status_names{"held", "captured", "released",
                                                                   "expired"};

[[nodiscard]] constexpr std::string_view name_of(hold_status status) noexcept {
    return hold_status_names[static_cast<std::size_t>(status)];
}

[[nodiscard]] constexpr std::optional<hold_status> hold_status_named(
    std::string_view name) noexcept {
    for (std::size_t i = 0; i != hold_status_names.size(); ++i)
        if (hold_status_names[i] == name)
            return static_cast<hold_status>(i);
    return std::nullopt;
}

}  // namespace coffer::snapshot
