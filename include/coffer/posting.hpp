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
    /// An amount of zero or less, a leg of zero, a negative opening balance. To restore: amounts
    /// that no account or hold can have. Releasing a hold as what is no release.
    invalid_amount,
    insufficient_funds,  ///< less is available than the amount
    balance_overflow,    ///< the new balance does not fit in 64 bits of cents
    same_account,        ///< a transfer from an account to itself
    ledger_full,         ///< no memory for another account or hold
    sequence_exhausted,  ///< no sequence is left for another posting; to restore: an invalid one
    account_closed,      ///< the account is closed
    account_not_empty,   ///< closing an account that has a balance or a hold
    account_not_closed,  ///< reopening an account that is open
    no_such_hold,        ///< the account has no hold of this id, or no longer knows it
    hold_ended,          ///< the hold was captured or released, or has expired
    hold_exceeded,       ///< capturing more than what is left of the hold
    unbalanced,          ///< the amounts of a transaction's legs do not add up to zero
    too_few_legs,        ///< a transaction of fewer than two legs
    too_many_legs,       ///< a transaction of more than eight legs
    sequence_mismatch,   ///< the account's last posting is not the one that the caller expects
};

/// A condition of an operation on an account: that the account's last posting has this sequence. As
/// sequences only rise, an account whose last posting has a higher one never fulfils it again.
class if_sequence {
public:
    /// No condition.
    constexpr if_sequence() noexcept = default;
    /// Any number is a condition, also one that no sequence can have.
    constexpr explicit if_sequence(std::uint64_t expected) noexcept
        : expected_{expected}, is_given_{true} {}

    [[nodiscard]] constexpr bool is_any() const noexcept { return !is_given_; }
    [[nodiscard]] constexpr bool allows(std::uint64_t last) const noexcept {
        return is_any() || expected_ == last;
    }

private:
    std::uint64_t expected_ = 0;
    bool is_given_ = false;
};

/// Whether an account takes postings.
enum class account_status : std::uint8_t { open, closed };

/// One posting, by what it left behind: the account's sequence and balance after it.
struct posting {
    account_number account;
    /// Counts the account's postings from 1 (its opening) with no gap.
    std::uint64_t sequence;
    money balance;  ///< what is booked: available, and held by holds
    money held{};   ///< the part of the balance that holds have

    /// What can be withdrawn.
    [[nodiscard]] constexpr money available() const noexcept {
        return money::from_minor(balance.minor() - held.minor());
    }
};

/// An account as its last posting left it.
struct account_view : posting {
    account_status status = account_status::open;
};

/// The posting that an operation made or, if it was refused, the last posting of the account.
struct outcome {
    errc error;
    coffer::posting posting;
    explicit operator bool() const noexcept { return error == errc::ok; }
};

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
