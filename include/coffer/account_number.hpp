// The number of an account, and its parser.
//
// Thread safety  every function is pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <coffer/detail/macros_push.inc>

namespace coffer {

/// The number of an account: 1 .. 2^64-1. Zero is no account.
using account_number = std::uint64_t;

/// Parses the whole of `text` as an account number: decimal digits without a leading zero, so that
/// an account has one spelling. Returns nothing if it is not one, or above 2^64-1.
[[nodiscard]] constexpr std::optional<account_number> parse_account_number(
    std::string_view text) noexcept;

// Implementation details follow.

constexpr std::optional<account_number> parse_account_number(std::string_view text) noexcept {
    constexpr account_number most = UINT64_MAX;
    if (text.empty() || text.front() == '0')
        return std::nullopt;
    account_number number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9')
            return std::nullopt;
        const auto digit = static_cast<account_number>(c - '0');
        if (number > (most - digit) / 10)
            return std::nullopt;
        number = number * 10 + digit;
    }
    return number;
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
