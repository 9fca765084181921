// One account: its number, and its state in one word that changes atomically.
//
// Guarantees     no thread sees a balance without its sequence. load only reads: it never takes the
//                cache line away from writers. load and replace are lock-free: a thread starts
//                again only because another has changed the state.
// Limits         2^44 - 1 postings an account.
// Thread safety  all members may be called from any thread at once.
// Invariants     1. The state word changes only by double-word compare-and-swap.
//                2. A posting leaves the sequence one higher, so no posting's state ever comes
//                   back.
//                3. Sequence 0 means: not open, as in zeroed memory.
//                4. The number changes once, from 0.
//
// Two accounts share a cache line and none crosses one, so finding an account and posting to it
// cost one cache miss together.
#pragma once

#include <cstdint>

#include <coffer/account_number.hpp>
#include <coffer/detail/double_word.hpp>
#include <coffer/detail/test_seams.hpp>
#include <coffer/money.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

/// The fields of an account's state word.
struct account_state {
    money balance;
    std::uint64_t sequence;      ///< the number of postings; 0: the account is not open
    std::uint16_t transfer = 0;  ///< the transfer that has reserved the account; 0: none
    std::uint16_t epoch = 0;     ///< the epoch of the last cut before this state

    friend bool operator==(const account_state&, const account_state&) noexcept = default;
};

/// An account in zeroed memory: it has no constructor to run and is never destroyed.
class alignas(32) account {
public:
    [[gnu::__visibility__("hidden")]] static constexpr std::uint64_t max_sequence =
        (std::uint64_t{1} << 44) - 1;
    [[gnu::__visibility__("hidden")]] static constexpr std::uint16_t max_transfer = (1U << 8) - 1;
    [[gnu::__visibility__("hidden")]] static constexpr std::uint16_t max_epoch = (1U << 12) - 1;

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
    [[nodiscard]] account_state load() const noexcept;

    /// Returns the state word. Its halves may be from different moments: then a replace of it
    /// fails.
    [[nodiscard]] detail::double_word glimpse() const noexcept;

    /// Makes the state `desired` if it is `expected`. Returns false if it was not.
    [[nodiscard]] bool replace(account_state expected, account_state desired) noexcept;
    [[nodiscard]] bool replace(detail::double_word expected, detail::double_word desired) noexcept;

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
    detail::double_word state_;
    account_number number_;
    std::uint64_t durable_sequence_;
};

// Implementation details follow.

static_assert(sizeof(account) == 32 && alignof(account) == 32, "two to a cache line");

namespace detail {

// A state in 16 bytes. first: the balance in minor units. second, from its high bits: sequence (44
// bits), transfer (8), epoch (12).
inline constexpr int sequence_shift = 20;
inline constexpr int transfer_shift = 12;

[[nodiscard]] constexpr double_word pack(account_state state) noexcept {
    return {static_cast<std::uint64_t>(state.balance.minor()),
            state.sequence << sequence_shift |
                static_cast<std::uint64_t>(state.transfer) << transfer_shift | state.epoch};
}

[[nodiscard]] constexpr account_state unpack(double_word word) noexcept {
    return {money::from_minor(static_cast<std::int64_t>(word.first)), word.second >> sequence_shift,
            static_cast<std::uint16_t>(word.second >> transfer_shift & account::max_transfer),
            static_cast<std::uint16_t>(word.second & account::max_epoch)};
}

/// The second half of the state after the next posting, in the same epoch and not reserved.
[[nodiscard]] constexpr std::uint64_t next_posting(std::uint64_t second) noexcept {
    return second + (std::uint64_t{1} << sequence_shift);
}

/// Whether this second half is of an open account that is not reserved, in that epoch, and has
/// sequences left.
[[nodiscard]] constexpr bool is_ordinary(std::uint64_t second, std::uint16_t epoch) noexcept {
    constexpr std::uint64_t below_sequence = (std::uint64_t{1} << sequence_shift) - 1;
    // Before the first posting the next sequence is 1; after the last it wraps around to 0.
    return (second & below_sequence) == epoch && next_posting(second) >> sequence_shift > 1;
}

/// Returns the state in `word` at one moment.
[[nodiscard]] inline account_state load_state(const double_word& word) noexcept {
    // The loads are acquires so that they stay in this order. They pair with the barrier of the
    // compare-and-swap that installed the state: what its thread did before is visible after. A
    // pair of sequence and epoch never comes back, so if the second half is the same before and
    // after, the balance loaded in between belongs to it.
    std::uint64_t meta = load_acquire(word.second);
    for (;;) {
        const std::uint64_t balance = load_acquire(word.first);
        const std::uint64_t again = load_acquire(word.second);
        if (again == meta)
            return unpack({balance, meta});
        meta = again;
    }
}

}  // namespace detail

inline account_number account::claim(account_number wanted) noexcept {
    account_number held = number();
    if (held == 0)
        // Sequentially consistent in both cases, as in number().
        __atomic_compare_exchange_n(&number_, &held, wanted, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
    return held;
}

inline account_state account::load() const noexcept {
    return detail::load_state(state_);
}

inline detail::double_word account::glimpse() const noexcept {
    // Acquires: the second half comes before the balance, and both before the epoch that the caller
    // loads next. The pair is known to belong together once a replace of it has succeeded.
    const std::uint64_t second = detail::load_acquire(state_.second);
    return {detail::load_acquire(state_.first), second};
}

inline bool account::replace(account_state expected, account_state desired) noexcept {
    return replace(detail::pack(expected), detail::pack(desired));
}

inline bool account::replace(detail::double_word expected, detail::double_word desired) noexcept {
    COFFER_TEST_STEP();
    return detail::compare_and_swap(state_, expected, desired);
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
