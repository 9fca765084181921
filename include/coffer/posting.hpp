// The result of an operation on the ledger: a posting, or why there is none.
#pragma once

#include <cstdint>

#include <coffer/account_number.hpp>
#include <coffer/money.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

/// Why an operation was refused. A refused operation changes nothing.
enum class errc : std::uint8_t {
    ok,
    no_such_account,
    already_open,
    invalid_amount,      ///< an amount of zero or less, or a negative opening balance
    insufficient_funds,  ///< the balance is smaller than the amount
    balance_overflow,    ///< the new balance does not fit in 64 bits of cents
    same_account,        ///< a transfer from an account to itself
    ledger_full,         ///< no memory for another account
    sequence_exhausted,  ///< no sequence is left for another posting of the account
};

/// One posting, by what it left behind: the account's sequence and balance after it.
struct posting {
    account_number account;
    /// Counts the account's postings from 1 (its opening) with no gap.
    std::uint64_t sequence;
    money balance;
};

/// The posting that an operation made or, if it was refused, the last posting of the account.
struct outcome {
    errc error;
    coffer::posting posting;
    explicit operator bool() const noexcept { return error == errc::ok; }
};

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
