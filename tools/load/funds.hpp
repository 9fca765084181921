// What an account has.
#pragma once

#include <cstdint>

namespace coffer::load {

/// A booked balance and the part of it that holds hold, or what both change by.
struct funds {
    std::int64_t booked_minor = 0;
    std::int64_t held_minor = 0;

    [[nodiscard]] constexpr std::int64_t available_minor() const noexcept {
        return booked_minor - held_minor;
    }
    constexpr funds& operator+=(const funds& other) noexcept {
        booked_minor += other.booked_minor;
        held_minor += other.held_minor;
        return *this;
    }
    constexpr funds& operator-=(const funds& other) noexcept {
        booked_minor -= other.booked_minor;
        held_minor -= other.held_minor;
        return *this;
    }
    friend constexpr funds operator+(funds one, const funds& other) noexcept {
        return one += other;
    }
    friend constexpr funds operator-(funds one, const funds& other) noexcept {
        return one -= other;
    }
    friend constexpr bool operator==(const funds&, const funds&) noexcept = default;
};

}  // namespace coffer::load
