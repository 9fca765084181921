// What an account was at one moment, and the postings that say so.
#pragma once

#include <cstdint>

#include <coffer/account_number.hpp>
#include <coffer/detail/state_cell.hpp>
#include <coffer/money.hpp>
#include <coffer/posting.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer::detail {

/// An account's state, and what its holds held then.
struct account_reading {
    account_state state{};
    money held{};
};

/// Adds `amount` to the balance. Returns ok or balance_overflow.
[[nodiscard]] inline errc add(money& balance, money amount) noexcept {
    std::int64_t sum_minor = 0;
    if (__builtin_add_overflow(balance.minor(), amount.minor(), &sum_minor))
        return errc::balance_overflow;
    balance = money::from_minor(sum_minor);
    return errc::ok;
}

/// Subtracts `amount` from the balance; both are zero or more. Returns ok or insufficient_funds.
[[nodiscard]] inline errc subtract(money& balance, money amount) noexcept {
    if (balance < amount)
        return errc::insufficient_funds;
    balance = money::from_minor(balance.minor() - amount.minor());
    return errc::ok;
}

/// What is booked: it does not overflow, since no posting lets it.
[[nodiscard]] inline money booked_of(const account_reading& found) noexcept {
    return money::from_minor(
        static_cast<std::int64_t>(static_cast<std::uint64_t>(found.state.value.minor()) +
                                  static_cast<std::uint64_t>(found.held.minor())));
}

/// Whether an account that was found so has the funds for this leg, and room for them.
[[nodiscard]] inline errc check_funds(const account_reading& found, money amount) noexcept {
    // The difference cannot overflow: of a value that is not negative.
    if (amount < money{})
        return found.state.value.minor() + amount.minor() < 0 ? errc::insufficient_funds : errc::ok;
    money booked = booked_of(found);
    return add(booked, amount);
}

[[nodiscard]] inline posting posting_of(account_number number,
                                        const account_reading& found) noexcept {
    return {number, found.state.sequence, booked_of(found), found.held};
}

[[nodiscard]] inline account_view view_of(account_number number,
                                          const account_reading& found) noexcept {
    return {posting_of(number, found),
            found.state.is_closed() ? account_status::closed : account_status::open};
}

}  // namespace coffer::detail

#include <coffer/detail/macros_pop.inc>
