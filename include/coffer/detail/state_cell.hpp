// One word of the ledger: 16 bytes that change atomically. An account's state is one, and so are
// the sum of what its holds hold and the state of each hold.
//
// Guarantees     load only reads: it never takes the cache line away from writers. load and replace
//                are lock-free: a load starts again only because another thread has changed the
//                word.
// Limits         2^42 - 1 changes a word.
// Thread safety  all members may be called from any thread at once.
// Invariants     1. The word changes only by double-word compare-and-swap.
//                2. A change of the value leaves the sequence one higher, so no state that a change
//                   has replaced ever comes back. What leaves the sequence as it is leaves the
//                   value as it is: a reservation, its end, and a move to another epoch.
//                3. Sequence 0 means: never used, as in zeroed memory.
#pragma once

#include <cstdint>

#include <coffer/detail/double_word.hpp>
#include <coffer/detail/test_seams.hpp>
#include <coffer/money.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

/// The fields of a state word.
struct account_state {
    money value{};               ///< of an account: what is available
    std::uint64_t sequence = 0;  ///< the number of changes, of an account its postings; 0: unused
    std::uint16_t transfer = 0;  ///< the transaction that has reserved the account; 0: none
    std::uint16_t epoch = 0;     ///< the epoch of the last cut before this state
    /// Two bits: of an account has_holds_flag and closed_flag, of a hold its status.
    std::uint16_t flags = 0;

    [[gnu::__visibility__("hidden")]] static constexpr std::uint16_t has_holds_flag = 1;
    [[gnu::__visibility__("hidden")]] static constexpr std::uint16_t closed_flag = 2;

    [[nodiscard]] constexpr bool has_holds() const noexcept {
        return (flags & has_holds_flag) != 0;
    }
    [[nodiscard]] constexpr bool is_closed() const noexcept { return (flags & closed_flag) != 0; }

    friend bool operator==(const account_state&, const account_state&) noexcept = default;
};

namespace detail {

// A state in 16 bytes. first: the value in minor units. second, from its high bits: sequence (42
// bits), flags (2), transfer (8), epoch (12).
inline constexpr int sequence_shift = 22;
inline constexpr int flags_shift = 20;
inline constexpr int transfer_shift = 12;
inline constexpr std::uint64_t max_sequence = (std::uint64_t{1} << 42) - 1;
inline constexpr std::uint16_t max_flags = 3;
inline constexpr std::uint16_t max_transfer = (1U << 8) - 1;
inline constexpr std::uint16_t max_epoch = (1U << 12) - 1;

[[nodiscard]] constexpr double_word pack(account_state state) noexcept {
    return {static_cast<std::uint64_t>(state.value.minor()),
            state.sequence << sequence_shift |
                static_cast<std::uint64_t>(state.flags) << flags_shift |
                static_cast<std::uint64_t>(state.transfer) << transfer_shift | state.epoch};
}

[[nodiscard]] constexpr account_state unpack(double_word word) noexcept {
    return {money::from_minor(static_cast<std::int64_t>(word.first)), word.second >> sequence_shift,
            static_cast<std::uint16_t>(word.second >> transfer_shift & max_transfer),
            static_cast<std::uint16_t>(word.second & max_epoch),
            static_cast<std::uint16_t>(word.second >> flags_shift & max_flags)};
}

/// The second half of the state after the next posting, with the same flags, in the same epoch, and
/// not reserved.
[[nodiscard]] constexpr std::uint64_t next_posting(std::uint64_t second) noexcept {
    return second + (std::uint64_t{1} << sequence_shift);
}

/// Whether this second half is of an open account that has no holds and is not reserved, in that
/// epoch, and has sequences left.
[[nodiscard]] constexpr bool is_ordinary(std::uint64_t second, std::uint16_t epoch) noexcept {
    constexpr std::uint64_t below_sequence = (std::uint64_t{1} << sequence_shift) - 1;
    // Before the first posting the next sequence is 1; after the last it wraps around to 0.
    return (second & below_sequence) == epoch && next_posting(second) >> sequence_shift > 1;
}

inline constexpr std::uint64_t has_holds_bit = std::uint64_t{account_state::has_holds_flag}
                                               << flags_shift;

/// The same, but the account may have holds.
[[nodiscard]] constexpr bool is_ordinary_with_holds(std::uint64_t second,
                                                    std::uint16_t epoch) noexcept {
    return is_ordinary(second & ~has_holds_bit, epoch);
}

[[nodiscard]] constexpr bool is_of_epoch(std::uint64_t second, std::uint16_t epoch) noexcept {
    return (second & max_epoch) == epoch;
}

/// Returns the state in `word` at one moment.
[[nodiscard]] inline account_state load_state(const double_word& word) noexcept {
    // The loads are acquires so that they stay in this order. They pair with the barrier of the
    // compare-and-swap that installed the state: what its thread did before is visible after. A
    // sequence never comes back with another value, so if the second half is the same before and
    // after, the value loaded in between belongs to it.
    std::uint64_t meta = load_acquire(word.second);
    for (;;) {
        const std::uint64_t value = load_acquire(word.first);
        const std::uint64_t again = load_acquire(word.second);
        if (again == meta)
            return unpack({value, meta});
        meta = again;
    }
}

/// A state word in zeroed memory: it has no constructor to run and is never destroyed.
class state_cell {
public:
    /// Returns the state at one moment.
    [[nodiscard]] account_state load() const noexcept { return load_state(word_); }

    /// Returns the state word. Its halves may be from different moments: then a replace of it
    /// fails.
    // Inlined always: compilers would not do it in a program with many callers, and then a transfer
    // takes a seventh longer.
    [[nodiscard, gnu::__always_inline__]] double_word glimpse() const noexcept {
        // Acquires: the second half comes before the value, and both before the epoch that the
        // caller loads next. The pair is known to belong together once a replace of it has
        // succeeded.
        const std::uint64_t second = load_acquire(word_.second);
        return {load_acquire(word_.first), second};
    }

    /// Makes the state `desired` if it is `expected`. Returns false if it was not.
    [[nodiscard]] bool replace(double_word expected, double_word desired) noexcept {
        COFFER_TEST_STEP();
        return compare_and_swap(word_, expected, desired);
    }
    [[nodiscard]] bool replace(account_state expected, account_state desired) noexcept {
        return replace(pack(expected), pack(desired));
    }

private:
    double_word word_;
};
static_assert(sizeof(state_cell) == 16 && alignof(state_cell) == 16);

}  // namespace detail
}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
