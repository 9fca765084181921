// Takes a consistent cut: the states of all accounts at one moment, while other threads post.
//
// A cut begins by raising a global epoch, and then moves every account to it: to move an account is
// to store the new epoch in its state. A posting installs its state with the epoch it found; if the
// account's state is of an earlier epoch, the posting first saves that state in the account's
// `before` word. So if the cut finds an account whose state has the cut's epoch already, the state
// that belongs to the cut is in `before`.
//
// Guarantees     a posting is in the cut exactly if it was installed before its account was moved.
//                If one posting happened before another, and the other is in the cut, so is the
//                first: a posting that finds the new epoch, or that comes after one that did, is of
//                the new epoch. So no cut ever shows the effect of a posting without its cause.
//                No posting waits for a cut: the first in a group of 64 accounts saves a word for
//                each of them, about 2 us once for each group and cut. No cut waits for a posting.
// Limits         one cut at a time, and one in a millisecond; the ledger ensures both. A state has
//                room for 4095 epochs. A posting that is suspended between two of its steps for
//                exactly 4095 cuts, over 4 s, without another posting to its account, would
//                not detect them.
// Thread safety  everything may be called from any thread at once.
// Invariants     1. A posting loads the state before the epoch, so the epoch is never older than
//                   the state's, and states of one account never go back to an earlier epoch.
//                2. `before` is replaced only if it is as it was when the account was last seen in
//                   the state to be saved. Since states are at most one epoch behind after a cut
//                   (3), a saved state is never replaced by an older one.
//                3. A cut moves every account, open or not. So no state of one is more than one
//                   cut behind, and a posting or opening that loaded its epoch before a cut finds
//                   the account changed, and retries.
//                4. A hold is moved after all accounts, and a held total after its account, so that
//                   only transactions of the new epoch change it then (invariant 6 of
//                   detail/transaction_table.hpp). A cut moves the held total of an account only if
//                   the account has holds in the cut, so that of others may be any number of cuts
//                   behind. It is zero, and read only in a cut in which the account has holds: then
//                   placing the first of them has moved it, and so has every cut since.
//
// After Lai and Yang, "On distributed snapshots" (1987): the epoch is their colour of messages.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <coffer/account.hpp>
#include <coffer/detail/account_reading.hpp>
#include <coffer/detail/account_slot.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

/// The totals of a cut.
struct cut_summary {
    /// Exact for any number of accounts.
    __extension__ using wide_minor = unsigned __int128;

    std::uint64_t epoch = 0;     ///< the number of the cut, from 1
    std::size_t accounts = 0;    ///< the number of accounts, closed ones among them
    wide_minor total_minor = 0;  ///< the sum of their booked balances in minor units
    std::size_t holds = 0;       ///< the number of holds, ended ones not forgotten among them
};

/// How a cut leaves the processor to other threads. One that never rests ends soonest, but if there
/// are not more processors than busy threads, it takes processor time from them.
struct cut_pace {
    /// How many accounts between two rests: about 0.4 ms.
    [[gnu::__visibility__("hidden")]] static constexpr std::size_t accounts = 8192;

    std::chrono::microseconds rest{0};

    /// How long the cut waits for a resumable one before it overtakes that.
    std::chrono::milliseconds patience{120'000};

    /// The same, for one that takes no step meanwhile: its user reads slowly, or not at all.
    std::chrono::milliseconds idle_patience{30'000};

    /// For work in the background: 10 M accounts take about 1.8 s, and two writers on two
    /// processors continue at about four fifths of their speed.
    [[nodiscard]] static constexpr cut_pace gentle() noexcept {
        return {std::chrono::microseconds{1200}, cut_pace{}.patience, cut_pace{}.idle_patience};
    }
};

namespace detail {

/// The number of the last cut that was begun.
class epoch_clock {
public:
    [[nodiscard]] std::uint16_t now() const noexcept {
        // Sequentially consistent for openings: see account::number. It is ordered after the loads
        // of the state, since those are acquires.
        return in_states_.load(std::memory_order_seq_cst);
    }
    /// The epoch as a state stores it, in 12 bits. Never 0: zeroed memory must not look moved.
    [[nodiscard]] static constexpr std::uint16_t in_a_state(std::uint64_t epoch) noexcept {
        return static_cast<std::uint16_t>(1 + epoch % account::max_epoch);
    }
    /// Begins a cut. Called by one thread at a time. Sequentially consistent: see account::number.
    std::uint64_t advance() noexcept {
        in_states_.store(in_a_state(++epoch_), std::memory_order_seq_cst);
        return epoch_;
    }

    /// Notes that the cut that was begun last has moved every cell. Called as advance is.
    void finish() noexcept {
        // Release: after all that the cut has read. Pairs with the acquire in is_finished.
        finished_.store(in_a_state(epoch_), std::memory_order_release);
    }
    /// Whether the cut of this epoch, the current one, has moved every cell.
    [[nodiscard]] bool is_finished(std::uint16_t epoch) const noexcept {
        return finished_.load(std::memory_order_acquire) == epoch;
    }

private:
    std::uint64_t epoch_ = 0;
    std::atomic<std::uint16_t> finished_{in_a_state(0)};
    // Read by every posting, computed once for each cut.
    alignas(64) std::atomic<std::uint16_t> in_states_{in_a_state(0)};
};

/// How many adjacent accounts move together: see move_group. Arrays of accounts have whole groups.
inline constexpr std::size_t group_accounts = 64;

/// Saves `state`, the cell's state of an earlier epoch, for a cut, before it is replaced by a state
/// of `epoch`. Returns false if the cell has another state by now: load it again. Not inlined into
/// postings: most find an account that has moved.
[[nodiscard, gnu::__noinline__, gnu::__cold__]] inline bool save_before(
    cut_cell cell, account_state state, std::uint16_t epoch) noexcept {
    if (state.sequence == 0 || planted == bug::before_not_saved)
        return true;
    account_state saved = state;
    saved.transfer = 0;
    saved.epoch = epoch;
    const double_word wanted = pack(saved);
    // Two loads, perhaps of different moments. If they do not belong together, they differ from
    // `wanted`, since every thread saves the same value with a sequence, and the compare-and-swap
    // fails.
    const double_word found{load_acquire(cell.before.first), load_acquire(cell.before.second)};
    COFFER_TEST_STEP();
    if (found == wanted)
        return true;
    if (planted != bug::before_overwritten && cell.state.load() != state)
        return false;
    COFFER_TEST_STEP();
    return compare_and_swap(cell.before, found, wanted) || planted == bug::before_overwritten;
}

/// Moves the cell, whose state is `state`, to `epoch`. Returns false if the state has changed.
[[nodiscard]] inline bool move_to_epoch(cut_cell cell, account_state& state,
                                        std::uint16_t epoch) noexcept {
    if (state.epoch == epoch)
        return true;
    account_state moved = state;
    moved.epoch = epoch;
    if (!save_before(cell, state, epoch) || !cell.state.replace(state, moved))
        return false;
    state = moved;
    return true;
}

/// Moves the accounts of the group, except the slot's own, to the epoch that is the current one
/// after their states were loaded, each in one attempt. Called by a posting that finds its own
/// account not moved yet: then mostly the others are not either, and moving them now costs a third
/// of what each next posting would pay, with a mispredicted branch and a cache miss of its own.
[[gnu::__noinline__, gnu::__cold__]] inline void move_group(account_slot slot,
                                                            const epoch_clock& epochs) noexcept {
    account* const begin = slot.arrays->accounts + slot.index() / group_accounts * group_accounts;
    for (account* one = begin; one != begin + group_accounts; ++one) {
        if (one == slot.account || one->number() == 0)
            continue;
        account_state state = one->load();
        const std::uint16_t epoch = epochs.now();
        const account_slot other{one, slot.arrays};
        if (state.transfer == 0)
            static_cast<void>(move_to_epoch(other.state(), state, epoch));
    }
}

/// Moves the cell to `epoch`, and returns its state in the cut of that epoch; nothing if it was not
/// in use then. `settle(state)` is called to complete a transaction that has reserved it.
template <class Settle>
[[nodiscard]] std::optional<account_state> cut_state(cut_cell cell, std::uint16_t epoch,
                                                     Settle settle) noexcept {
    for (;;) {
        const account_state state = cell.state.load();
        if (state.epoch == epoch) {
            const account_state before = load_state(cell.before);
            const bool was_open = before.epoch == epoch && before.sequence != 0;
            return was_open ? std::optional{before} : std::nullopt;
        }
        if (state.transfer != 0) {
            settle(state);
            continue;
        }
        account_state moved = state;
        moved.epoch = epoch;
        if (cell.state.replace(state, moved))
            return state.sequence != 0 ? std::optional{state} : std::nullopt;
    }
}

/// Moves the account to `epoch`, and returns what it was in the cut of that epoch; nothing if it
/// was not open then. `settle(account, state)` completes a transaction that has reserved it.
template <class Settle>
[[nodiscard]] std::optional<account_reading> cut_account(account_slot slot, std::uint16_t epoch,
                                                         Settle settle) noexcept {
    const auto state = cut_state(
        slot.state(), epoch, [&](account_state found) noexcept { settle(*slot.account, found); });
    if (!state)
        return std::nullopt;
    account_reading taken{*state, {}};
    // After the account, which ensures that it changes only in the new epoch from here on.
    if (state->has_holds())
        if (const auto held = cut_state(slot.held(), epoch, [](account_state) noexcept {}))
            taken.held = held->value;
    return taken;
}

}  // namespace detail
}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
