// Kinds of characters in HTTP (RFC 9110, section 5.6), whatever the locale.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "api/percent_encoding.hpp"

namespace coffer::http {

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

[[nodiscard]] constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// What may not stand in a line: everything below a space but the tab, and DEL.
[[nodiscard]] constexpr bool is_control(char c) noexcept {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

/// A set of characters that is quick to ask.
class character_set {
public:
    constexpr explicit character_set(bool (*is_in)(char) noexcept) noexcept {
        for (std::size_t i = 0; i != has_.size(); ++i)
            has_[i] = is_in(static_cast<char>(i));
    }
    [[nodiscard]] constexpr bool has(char c) const noexcept {
        return has_[static_cast<unsigned char>(c)];
    }
    [[nodiscard]] constexpr bool has_all_of(std::string_view text) const noexcept {
        for (const char c : text)
            if (!has(c))
                return false;
        return true;
    }

private:
    std::array<bool, 256> has_{};
};

/// What a field's name is made of.
inline constexpr character_set token_characters{[](char c) noexcept {
    return is_letter(c) || is_digit(c) ||
           std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}};

using api::hex_value;

}  // namespace coffer::http
