// Texts taken apart, for checks that use nothing of the server's own.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace coffer::fuzz {

inline constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
inline constexpr std::string_view digits = "0123456789";
inline constexpr std::string_view hex_digits = "0123456789abcdefABCDEF";

[[nodiscard]] inline bool consists_of(std::string_view text,
                                      std::initializer_list<std::string_view> kinds) {
    return std::all_of(text.begin(), text.end(), [kinds](char c) {
        return std::any_of(kinds.begin(), kinds.end(), [c](std::string_view kind) {
            return kind.find(c) != std::string_view::npos;
        });
    });
}

/// Takes what stands before the first of the characters `ends`, or all, from the front.
inline std::string_view take_until(std::string_view& text, std::string_view ends) {
    const std::string_view found = text.substr(0, text.find_first_of(ends));
    text.remove_prefix(found.size());
    return found;
}

/// What stands before the first of these characters, between them, and behind the last.
[[nodiscard]] inline std::vector<std::string_view> split(std::string_view text,
                                                         std::string_view separators) {
    std::vector<std::string_view> parts{take_until(text, separators)};
    while (!text.empty()) {
        text.remove_prefix(1);
        parts.push_back(take_until(text, separators));
    }
    return parts;
}

[[nodiscard]] inline std::string in_small_letters(std::string_view text) {
    std::string small{text};
    for (char& c : small)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    return small;
}

}  // namespace coffer::fuzz
