// A ledger's id as text.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace coffer::audit {

/// Two hexadecimal digits a byte, as snapshots have it. Thread safety: a pure function.
[[nodiscard]] inline std::string to_hexadecimal(std::span<const std::byte> id) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::byte one : id) {
        text += digits[std::to_integer<std::size_t>(one) / 16];
        text += digits[std::to_integer<std::size_t>(one) % 16];
    }
    return text;
}

}  // namespace coffer::audit
