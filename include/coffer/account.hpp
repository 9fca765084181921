// One account: its number, and its state in one word that changes atomically.
//
// Guarantees     no thread sees a balance without its sequence. load only reads: it never takes the
//                cache line away from writers. load and replace are lock-free: a thread starts
//                again only because another has changed the state.
// Limits         2^42 - 1 postings an account.
// Thread safety  all members may be called from any thread at once.
// Invariants     1. The state word is a state_cell, with its invariants: see detail/state_cell.hpp.
//                2. Sequence 0 means: not open, as in zeroed memory.
//                3. The number changes once, from 0.
//
// Two accounts share a cache line and none crosses one, so finding an account and posting to it
// cost one cache miss together.
#pragma once

#include <cstdint>

#include <coffer/account_number.hpp>
#include <coffer/detail/state_cell.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

/// An account in zeroed memory: it has no constructor to run and is never destroyed.
class alignas(32) account {
public:
    [[gnu::__visibility__("hidden")]] static constexpr std::uint64_t max_sequence =
        detail::max_sequence;
    [[gnu::__visibility__("hidden")]] static constexpr std::uint16_t max_transfer =
        detail::max_transfer;
    [[gnu::__visibility__("hidden")]] static constexpr std::uint16_t max_epoch = detail::max_epoch;

    /// The account number; 0 while the slot is free.
    [[nodiscard]] account_number number() const noexcept {
        // In the one order of all threads, with the claim, the table's segments and the epoch: a
        // cut raises the epoch and then looks for accounts, an opening claims an account and then
        // looks at the epoch, and one of the two must see the other. On x86-64 it is a plain load.
        return __atomic_load_n(&number_, __ATOMIC_SEQ_CST);
    }

    /// Sets the number to `wanted` if the slot is free. Returns the number it had before.
    [[nodiscard]] account_number claim(account_number wanted) noexcept;

    /// Returns the state at one moment.
    [[nodiscard]] account_state load() const noexcept { return state_.load(); }

    /// Returns the state word. Its halves may be from different moments: then a replace of it
    /// fails.
    [[nodiscard, gnu::__always_inline__]] detail::double_word glimpse() const noexcept {
        return state_.glimpse();
    }

    /// Makes the state `desired` if it is `expected`. Returns false if it was not.
    [[nodiscard]] bool replace(account_state expected, account_state desired) noexcept {
        return state_.replace(expected, desired);
    }
    [[nodiscard]] bool replace(detail::double_word expected, detail::double_word desired) noexcept {
        return state_.replace(expected, desired);
    }

    /// The state word itself.
    [[nodiscard]] detail::state_cell& state() noexcept { return state_; }

    /// The sequence of the last posting noted as durable; 0: none.
    [[nodiscard]] std::uint64_t durable_sequence() const noexcept {
        // Acquire: pairs with the release below, so that what made it durable is seen as well.
        return __atomic_load_n(&durable_sequence_, __ATOMIC_ACQUIRE);
    }
    /// Notes a posting as durable. Called by one thread at a time, with rising sequences.
    void note_durable(std::uint64_t sequence) noexcept {
        __atomic_store_n(&durable_sequence_, sequence, __ATOMIC_RELEASE);
    }

private:
    detail::state_cell state_;
    account_number number_;
    std::uint64_t durable_sequence_;
};

// Implementation details follow.

static_assert(sizeof(account) == 32 && alignof(account) == 32, "two to a cache line");

inline account_number account::claim(account_number wanted) noexcept {
    account_number held = number();
    if (held == 0)
        // Sequentially consistent in both cases, as in number().
        __atomic_compare_exchange_n(&number_, &held, wanted, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
    return held;
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
