#include "api/statement_cursor.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "journal/little_endian.hpp"
#include "ops/checksum.hpp"

namespace coffer::api {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The sequence, and a checksum over it and its owner.
using cursor_bytes = std::array<std::byte, 16>;
constexpr std::size_t cursor_chars = (sizeof(cursor_bytes) * 8 + 5) / 6;

cursor_bytes bytes_of(const statement_owner& owner, std::uint64_t sequence) noexcept {
    std::array<std::byte, sizeof(ledger_id) + 16> sealed;
    std::copy(owner.ledger.begin(), owner.ledger.end(), sealed.begin());
    journal::put<std::uint64_t>(sealed, sizeof(ledger_id), owner.account);
    journal::put<std::uint64_t>(sealed, sizeof(ledger_id) + 8, sequence);
    cursor_bytes made;
    journal::put<std::uint64_t>(made, 0, sequence);
    journal::put<std::uint64_t>(made, 8, checksum(sealed));
    return made;
}

}  // namespace

std::string to_cursor(const statement_owner& owner, std::uint64_t sequence) {
    std::string text;
    std::uint32_t bits = 0;
    int left = 0;  // how many of them are not written yet
    const auto write = [&] {
        left -= 6;
        text += alphabet[bits >> left & 63];
    };
    for (const std::byte one : bytes_of(owner, sequence)) {
        bits = bits << 8 | std::to_integer<std::uint32_t>(one);
        for (left += 8; left >= 6;)
            write();
    }
    if (left != 0) {
        bits <<= 6 - left;
        left = 6;
        write();
    }
    return text;
}

std::optional<std::uint64_t> parse_cursor(const statement_owner& owner,
                                          std::string_view text) noexcept {
    if (text.size() != cursor_chars)
        return std::nullopt;
    cursor_bytes read{};
    std::size_t size = 0;
    std::uint32_t bits = 0;
    int left = 0;
    for (const char one : text) {
        const std::size_t value = alphabet.find(one);
        if (value == alphabet.npos)
            return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        left += 6;
        if (left >= 8) {
            left -= 8;
            read[size++] = static_cast<std::byte>(bits >> left & 255);
        }
    }
    const auto sequence = journal::get<std::uint64_t>(read, 0);
    // The bits behind the last byte are 0, so that a cursor has one spelling.
    const bool is_whole = (bits & ((1U << left) - 1)) == 0;
    return is_whole && read == bytes_of(owner, sequence) ? std::optional{sequence} : std::nullopt;
}

}  // namespace coffer::api
