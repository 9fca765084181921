// The syntax of a request's parts: characters, targets and hosts (RFC 9110, section 5.6; RFC 9112,
// section 3.2; RFC 3986), whatever the locale.
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

/// Whether a header line must not contain this: control characters other than the tab.
[[nodiscard]] constexpr bool is_control(char c) noexcept {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

/// A set of characters as a table of 256 entries.
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

/// The characters of a field's name.
inline constexpr character_set token_characters{[](char c) noexcept {
    return is_letter(c) || is_digit(c) ||
           std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}};

using api::hex_value;

/// Whether `text` is a valid target: a path ("/accounts/1/balance?x"), an http or https URL, or
/// "*". Percent-encoding in the path must be well-formed, and not encode a control character. A
/// query may contain anything but spaces, control characters, `"`, `<`, `>` and `#`.
[[nodiscard]] bool is_target(std::string_view text) noexcept;

/// Returns a target without scheme and host: a path with its query, or "*".
[[nodiscard]] std::string_view path_of(std::string_view target) noexcept;

/// Returns the host and port of a target that is a URL; empty if it is not.
[[nodiscard]] std::string_view authority_of(std::string_view target) noexcept;

/// Whether `text` is a valid value of a Host field: a name or address with an optional port, or
/// empty. An IPv6 address may have a zone, encoded by RFC 6874 (`[fe80::1%25lo]`).
[[nodiscard]] bool is_host(std::string_view text) noexcept;

}  // namespace coffer::http
