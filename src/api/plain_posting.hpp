// Reads a line of a batch in the usual form of a deposit or withdrawal, quickly.
#pragma once

#include <optional>
#include <string_view>

#include <coffer/account_number.hpp>
#include <coffer/money.hpp>

namespace coffer::api {

struct plain_posting {
    bool is_deposit;  ///< otherwise a withdrawal
    account_number account;
    money amount;          ///< above zero
    std::string_view key;  ///< part of the line; empty: none
};

/// Reads {"operation":"deposit","account_number":"10001","amount":1.0,"key":"k1"}, its members in
/// any order, `key` or not, with spaces between the tokens or not. Nothing if the line is anything
/// else, or if anything is wrong with it: such a line is for read_object, which would read the same
/// from a line that is read here. Thread safety: a pure function.
[[nodiscard]] std::optional<plain_posting> read_plain_posting(std::string_view line) noexcept;

}  // namespace coffer::api
