// One account: its number, its state word and its compare-and-swap loops.
//
// Guarantees     every posting is one atomic step: no thread sees a balance without its sequence, a
//                balance below zero, or two postings with one sequence. deposit, withdraw and open
//                are lock-free: a thread's compare-and-swap fails only because another's succeeded.
//                load is lock-free for the same reason, and only ever reads: it never takes the
//                cache line away from writers.
// Limits         2^46 - 1 postings an account.
// Thread safety  all members may be called from any thread at once.
// Invariants     1. The state word changes only by double-word compare-and-swap.
//                2. Each change leaves the sequence one higher, so no state ever comes back.
//                3. Sequence 0 means: not open. It is what zeroed memory says.
//                4. The number changes once, from 0.
//
// Two accounts share a cache line and none straddles one, so the search for an account and the
// posting to it cost one cache miss together.
#pragma once

#include <cstdint>
#include <limits>

#include <coffer/detail/double_word.hpp>
#include <coffer/money.hpp>
#include <coffer/posting.hpp>

namespace coffer {

/// An account's state word, taken apart.
struct account_state {
    money balance;
    std::uint64_t sequence;
};

/// An account that lives in zeroed memory: it has no constructor to run and is never destroyed.
class alignas(32) account {
public:
    static constexpr std::uint64_t max_sequence = (std::uint64_t{1} << 46) - 1;

    /// This slot's account number; 0 while it has none.
    [[nodiscard]] account_number number() const noexcept {
        // Relaxed is enough: nothing but zeroed memory was published with it, and the state is
        // loaded on its own.
        return detail::load_relaxed(number_);
    }

    /// Gives the slot to `wanted` if it has no number yet. Returns the number it had before.
    [[nodiscard]] account_number claim(account_number wanted) noexcept;

    /// The state as it was at one moment.
    [[nodiscard]] account_state load() const noexcept;

    /// Opens the account with `state`, its balance zero or more and its sequence 1 or more.
    /// Errors: already_open.
    [[nodiscard]] outcome open(account_state state) noexcept;
    /// Errors: no_such_account, balance_overflow, ledger_full. `amount` is more than zero.
    [[nodiscard]] outcome deposit(money amount) noexcept;
    /// Errors: no_such_account, insufficient_funds, ledger_full. `amount` is more than zero.
    [[nodiscard]] outcome withdraw(money amount) noexcept;

private:
    // first: the balance in minor units. second: sequence (46 bits), epoch of the last consistent
    // cut that the state belongs to (16 bits), flags (2 bits); the last two are zero as yet.
    static constexpr int sequence_shift = 18;

    [[nodiscard]] outcome result(errc error, account_state state) const noexcept {
        return {error, {number(), state.sequence, state.balance}};
    }
    [[nodiscard]] bool replace(account_state expected, account_state desired) noexcept;
    template <class Change>
    [[nodiscard]] outcome update(Change change) noexcept;

    detail::double_word state_;
    account_number number_;
};

// Implementation details follow.

static_assert(sizeof(account) == 32 && alignof(account) == 32, "two to a cache line");

namespace detail {

[[nodiscard]] constexpr double_word pack(account_state state, int sequence_shift) noexcept {
    return {static_cast<std::uint64_t>(state.balance.minor()), state.sequence << sequence_shift};
}

}  // namespace detail

inline account_number account::claim(account_number wanted) noexcept {
    account_number held = number();
    if (held == 0)
        // Relaxed in both cases, as in number(): only the slot's number itself is agreed on here.
        __atomic_compare_exchange_n(&number_, &held, wanted, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED);
    return held;
}

inline account_state account::load() const noexcept {
    // The first two loads are acquires so that they stay in this order. They pair with the barrier
    // of the compare-and-swap that installed the state: what its thread did before is seen after.
    // No state comes back (invariant 2), so if the second half is the same before and after, the
    // balance between belongs to it.
    std::uint64_t meta = detail::load_acquire(state_.second);
    for (;;) {
        const std::uint64_t balance = detail::load_acquire(state_.first);
        const std::uint64_t again = detail::load_acquire(state_.second);
        if (again == meta)
            return {money::from_minor(static_cast<std::int64_t>(balance)), meta >> sequence_shift};
        meta = again;
    }
}

inline bool account::replace(account_state expected, account_state desired) noexcept {
    return detail::compare_and_swap(state_, detail::pack(expected, sequence_shift),
                                    detail::pack(desired, sequence_shift));
}

inline outcome account::open(account_state state) noexcept {
    if (replace({}, state))
        return result(errc::ok, state);
    return result(errc::already_open, load());
}

// `change` turns the balance it is given into the next one, or says why not. It may be called again
// for each posting that another thread got in between.
template <class Change>
outcome account::update(Change change) noexcept {
    for (;;) {
        const account_state before = load();
        if (before.sequence == 0)
            return result(errc::no_such_account, before);
        if (before.sequence == max_sequence)
            return result(errc::ledger_full, before);
        account_state after{before.balance, before.sequence + 1};
        if (const errc error = change(after.balance); error != errc::ok)
            return result(error, before);
        if (replace(before, after))
            return result(errc::ok, after);
    }
}

inline outcome account::deposit(money amount) noexcept {
    return update([amount](money& balance) noexcept {
        if (balance.minor() > std::numeric_limits<std::int64_t>::max() - amount.minor())
            return errc::balance_overflow;
        balance = money::from_minor(balance.minor() + amount.minor());
        return errc::ok;
    });
}

inline outcome account::withdraw(money amount) noexcept {
    return update([amount](money& balance) noexcept {
        if (balance < amount)
            return errc::insufficient_funds;
        balance = money::from_minor(balance.minor() - amount.minor());
        return errc::ok;
    });
}

}  // namespace coffer
