// Writes numbers, amounts of money and bytes as text.
//
// Thread safety  every function is pure. All throw std::bad_alloc.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include <coffer/money.hpp>

namespace coffer {

/// A sum of money in minor units. The sum of all balances fits: there are fewer than 2^64 accounts,
/// each with a balance below 2^63.
__extension__ using wide_minor = __int128;

/// Appends the number in decimal digits.
template <std::integral Integer>
void append_number(std::string& out, Integer value) {
    char digits[std::numeric_limits<Integer>::digits10 + 2];  // and one more digit, and the sign
    const char* const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, static_cast<std::size_t>(end - digits));
}

/// Appends the amount in its shortest decimal form with at least one decimal: "5000.0", "-99.99".
inline void append_money(std::string& out, money amount) {
    char text[money_max_chars];
    const char* const end = to_chars(text, text + sizeof text, amount).ptr;
    out.append(text, static_cast<std::size_t>(end - text));
}

/// Appends printable ASCII, such as an idempotency key, as it stands in a JSON string: only two of
/// those characters are escaped.
inline void append_json_text(std::string& out, std::string_view text) {
    for (const char one : text) {
        if (one == '"' || one == '\\')
            out += '\\';
        out += one;
    }
}

/// Returns the sum in the form of append_money.
[[nodiscard]] std::string to_money_text(wide_minor amount_minor);

/// Returns two hexadecimal digits for each byte.
[[nodiscard]] std::string to_hexadecimal(std::span<const std::byte> bytes);

/// Returns `text` with U+FFFD in place of each byte that belongs to no well-formed UTF-8 sequence
/// (RFC 3629: no surrogates, nothing above U+10FFFF, no overlong forms). For paths and other texts
/// that may have any bytes.
[[nodiscard]] std::string to_utf8(std::string_view text);

}  // namespace coffer
