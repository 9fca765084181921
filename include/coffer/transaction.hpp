// A transaction: postings to several accounts that happen together or not at all.
#pragma once

#include <array>
#include <cstddef>

#include <coffer/account_number.hpp>
#include <coffer/money.hpp>
#include <coffer/posting.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

inline constexpr std::size_t max_transaction_legs = 8;

/// One account's part in a transaction: what its balance changes by, not zero.
struct leg {
    account_number account;
    money amount;
};

/// The postings of a transaction, or why there are none.
struct transaction_outcome {
    errc error;
    std::size_t count = 0;  ///< of the postings: one a leg, but 8 of more legs than that
    /// Which leg a refusal is about; `count` if it is about all of them.
    std::size_t culprit = 0;
    /// In the order of the legs. Of a refusal the culprit's is what it was decided by.
    std::array<posting, max_transaction_legs> postings{};
    explicit operator bool() const noexcept { return error == errc::ok; }
};

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
