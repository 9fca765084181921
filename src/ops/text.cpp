#include "ops/text.hpp"

#include <algorithm>

namespace coffer {
namespace {

constexpr bool is_in(unsigned char byte, unsigned char least, unsigned char most) noexcept {
    return byte >= least && byte <= most;
}

/// Returns the size of the UTF-8 sequence at the beginning of the text; 0 if there is none. The
/// table is that of RFC 3629, section 4.
std::size_t sequence_bytes(std::string_view text) noexcept {
    const auto at = [text](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i])
                               : static_cast<unsigned char>(0);
    };
    const auto is_tail = [at](std::size_t i) { return is_in(at(i), 0x80, 0xbf); };
    const unsigned char first = at(0);
    if (first < 0x80)
        return 1;
    if (is_in(first, 0xc2, 0xdf))
        return is_tail(1) ? 2 : 0;
    const unsigned char least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned char most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (!is_in(at(1), least, most) || !is_tail(2))
        return 0;
    if (is_in(first, 0xe0, 0xef))
        return 3;
    return is_in(first, 0xf0, 0xf4) && is_tail(3) ? 4 : 0;
}

}  // namespace

std::string to_money_text(wide_minor amount_minor) {
    __extension__ using magnitude = unsigned __int128;
    const bool negative = amount_minor < 0;
    magnitude left = static_cast<magnitude>(amount_minor);
    if (negative)
        left = -left;
    std::string reversed;
    const auto add_digit = [&] {
        reversed += static_cast<char>('0' + static_cast<int>(left % 10));
        left /= 10;
    };
    add_digit();
    add_digit();
    if (reversed.front() == '0')
        reversed.erase(0, 1);  // one decimal is enough
    reversed += '.';
    do
        add_digit();
    while (left != 0);
    if (negative)
        reversed += '-';
    std::ranges::reverse(reversed);
    return reversed;
}

std::string to_hexadecimal(std::span<const std::byte> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (const std::byte one : bytes) {
        text += digits[std::to_integer<std::size_t>(one) / 16];
        text += digits[std::to_integer<std::size_t>(one) % 16];
    }
    return text;
}

std::string to_utf8(std::string_view text) {
    std::string made;
    while (!text.empty()) {
        const std::size_t size = sequence_bytes(text);
        made += size == 0 ? std::string_view{"\xef\xbf\xbd"} : text.substr(0, size);
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return made;
}

}  // namespace coffer
