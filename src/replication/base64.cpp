#include "replication/base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace coffer::replication {
namespace {

constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_letter = 0x80;
constexpr char padding = '=';

/// The two letters of each value of 12 bits: half as many steps as with single letters.
struct letter_pair {
    char first;
    char second;
};
constexpr auto pairs = [] {
    std::array<letter_pair, 4096> made{};
    for (std::size_t bits = 0; bits < made.size(); ++bits)
        made[bits] = {letters[bits >> 6], letters[bits & 63]};
    return made;
}();

constexpr auto values = [] {
    std::array<std::uint8_t, 256> made{};
    made.fill(no_letter);
    for (std::size_t index = 0; index < letters.size(); ++index)
        made[static_cast<unsigned char>(letters[index])] = static_cast<std::uint8_t>(index);
    return made;
}();

std::uint32_t byte_at(std::string_view bytes, std::size_t at) noexcept {
    return static_cast<unsigned char>(bytes[at]);
}

char* write_pair(char* to, std::uint32_t bits) noexcept {
    const letter_pair pair = pairs[bits];
    *to++ = pair.first;
    *to++ = pair.second;
    return to;
}

/// The value of four letters; larger than 24 bits if one of them is none.
std::uint32_t value_of(const char* four) noexcept {
    const auto value = [four](int index) -> std::uint32_t {
        return values[static_cast<unsigned char>(four[index])];
    };
    const std::uint32_t all = value(0) | value(1) | value(2) | value(3);
    if ((all & no_letter) != 0)
        return ~std::uint32_t{0};
    return value(0) << 18 | value(1) << 12 | value(2) << 6 | value(3);
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
    const std::size_t before = out.size();
    out.resize(before + (bytes.size() + 2) / 3 * 4);
    char* to = out.data() + before;
    const std::size_t whole = bytes.size() / 3 * 3;
    for (std::size_t at = 0; at < whole; at += 3) {
        const std::uint32_t bits =
            byte_at(bytes, at) << 16 | byte_at(bytes, at + 1) << 8 | byte_at(bytes, at + 2);
        to = write_pair(to, bits >> 12);
        to = write_pair(to, bits & 0xFFF);
    }
    if (bytes.size() - whole == 1) {
        to = write_pair(to, byte_at(bytes, whole) << 4);
        *to++ = padding;
        *to++ = padding;
    } else if (bytes.size() - whole == 2) {
        const std::uint32_t bits = byte_at(bytes, whole) << 16 | byte_at(bytes, whole + 1) << 8;
        to = write_pair(to, bits >> 12);
        *to++ = letters[bits >> 6 & 63];
        *to++ = padding;
    }
}

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0)
        return std::nullopt;
    if (text.empty())
        return std::string{};
    const std::size_t padded = (text[text.size() - 1] == padding ? 1U : 0U) +
                               (text.substr(text.size() - 2) == "==" ? 1U : 0U);
    std::string bytes(text.size() / 4 * 3, '\0');
    char* to = bytes.data();
    const auto put = [&to](std::uint32_t bits) {
        *to++ = static_cast<char>(bits >> 16);
        *to++ = static_cast<char>(bits >> 8);
        *to++ = static_cast<char>(bits);
    };
    const std::size_t whole = text.size() - (padded == 0 ? 0 : 4);
    for (std::size_t at = 0; at < whole; at += 4) {
        const std::uint32_t bits = value_of(text.data() + at);
        if (bits >> 24 != 0)
            return std::nullopt;
        put(bits);
    }
    if (padded == 0)
        return bytes;
    std::string last{text.substr(whole, 4 - padded)};
    last.append(padded, letters.front());
    const std::uint32_t bits = value_of(last.data());
    const std::uint32_t unused = padded == 1 ? 0xFF : 0xFFFF;
    if (bits >> 24 != 0 || (bits & unused) != 0)
        return std::nullopt;
    put(bits);
    bytes.erase(bytes.size() - padded);  // not resize: GCC 12 warns of its other branch
    return bytes;
}

}  // namespace coffer::replication
