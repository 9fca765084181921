// A consistent cut: the states of all accounts of one moment, taken while others go on posting.
//
// A cut begins by raising a global epoch, and then moves every account to it. A posting installs
// its state under the epoch it found; if the account's state is from an earlier one, the posting
// first saves that state beside the account, in its `before` word. So when the cut comes to an
// account whose state is of the cut's epoch already, what it is to take is in `before`.
//
// Guarantees     a posting is in the cut exactly if it was installed before its account was moved.
//                If one posting happened before another, and the other is in the cut, so is the
//                one: a posting that finds the new epoch, or that comes after one that did, is of
//                the new epoch. So no cut ever shows the effect of a posting without its cause.
//                No posting waits for a cut: the first to come to a group of 64 accounts saves a
//                word for each of them, some 2 us once a group and cut. A cut waits for no posting.
// Limits         one cut at a time, and one a millisecond; the ledger sees to both. A state has
//                room for 4095 epochs. A posting that is suspended between two of its steps through
//                just so many cuts, over 4 s, in which nobody else posts to its account, would not
//                notice.
// Thread safety  everything may be called from any thread at once.
// Invariants     1. A posting loads the state before the epoch, so the epoch is never older than
//                   the state's, and states of one account never go back to an earlier epoch.
//                2. `before` is replaced only if it is as it was when the account was last seen in
//                   the state to be saved. So, states being at most one epoch behind where cuts
//                   have passed (3), a save is never replaced by an older one.
//                3. A cut moves every account, open or not. So a posting or opening that has found
//                   one epoch, and is slow, fails once a cut has passed; no state lies further back
//                   than the last cut but one.
//
// After Lai and Yang, "On distributed snapshots" (1987): the epoch is their colour of messages.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <coffer/account.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

/// What a cut found, in all.
struct cut_summary {
    /// Exact for any number of accounts.
    __extension__ using wide_minor = unsigned __int128;

    std::uint64_t epoch = 0;     ///< counts the ledger's cuts, from 1
    std::size_t accounts = 0;    ///< how many were open
    wide_minor total_minor = 0;  ///< the sum of their balances in minor units
};

/// How a cut makes way for others who want the processor. One that never rests is done soonest,
/// but where there are no more processors than busy threads it takes its share of them meanwhile.
struct cut_pace {
    /// Between rests, some 0.4 ms.
    [[gnu::__visibility__("hidden")]] static constexpr std::size_t accounts = 8192;

    std::chrono::microseconds rest{0};

    /// For how long the cut waits for a resumable one before it overtakes that.
    std::chrono::milliseconds patience{30'000};

    /// For work in the background: 10 M accounts take some 1.8 s, and two writers on two processors
    /// go on at about four fifths of their speed.
    [[nodiscard]] static constexpr cut_pace gentle() noexcept {
        return {std::chrono::microseconds{1200}, cut_pace{}.patience};
    }
};

namespace detail {

/// The number of the last cut that was begun.
class epoch_clock {
public:
    [[nodiscard]] std::uint16_t now() const noexcept {
        // Sequentially consistent for openings: see account::number. It comes after the loads of
        // the state by their being acquires.
        return in_states_.load(std::memory_order_seq_cst);
    }
    /// As much of an epoch as a state has room for. Never 0: that is for memory never written,
    /// which no cut may take for moved.
    [[nodiscard]] static constexpr std::uint16_t in_a_state(std::uint64_t epoch) noexcept {
        return static_cast<std::uint16_t>(1 + epoch % account::max_epoch);
    }
    /// Begins a cut. Called by one thread at a time. Sequentially consistent: see account::number.
    std::uint64_t advance() noexcept {
        in_states_.store(in_a_state(++epoch_), std::memory_order_seq_cst);
        return epoch_;
    }

private:
    std::uint64_t epoch_ = 0;
    // What every posting reads, worked out once a cut.
    alignas(64) std::atomic<std::uint16_t> in_states_{in_a_state(0)};
};

/// An account and how to find the word beside it, which few postings need.
struct account_slot {
    coffer::account* account = nullptr;
    coffer::account* first = nullptr;     ///< of the array that the account is in
    double_word* first_before = nullptr;  ///< the word beside that one

    explicit operator bool() const noexcept { return account != nullptr; }
    [[nodiscard]] double_word& before() const noexcept { return first_before[account - first]; }
};

/// Accounts that lie together and move together: see move_group. Arrays of accounts have room for
/// whole groups.
inline constexpr std::size_t group_accounts = 64;

/// Saves `state`, which the account has and which is of an earlier epoch, for a cut that may want
/// it before it is replaced by a state of `epoch`. False if the account has moved on: its state is
/// to be loaded again. Kept out of the way of postings: most come to an account that has moved.
[[nodiscard, gnu::__noinline__, gnu::__cold__]] inline bool save_before(
    account_slot slot, account_state state, std::uint16_t epoch) noexcept {
    if (state.sequence == 0 || planted == bug::before_not_saved)
        return true;
    double_word& before = slot.before();
    const double_word wanted = pack({state.balance, state.sequence, 0, epoch});
    // Two loads, perhaps of different moments. If they do not belong together, they are not what is
    // wanted, since whoever saved this sequence saved this balance, and the compare-and-swap fails.
    const double_word found{load_acquire(before.first), load_acquire(before.second)};
    COFFER_TEST_STEP();
    if (found == wanted)
        return true;
    if (planted != bug::before_overwritten && slot.account->load() != state)
        return false;
    COFFER_TEST_STEP();
    return compare_and_swap(before, found, wanted) || planted == bug::before_overwritten;
}

/// Moves the account, whose state is `state`, to `epoch`. False if the state was another.
[[nodiscard]] inline bool move_to_epoch(account_slot slot, account_state& state,
                                        std::uint16_t epoch) noexcept {
    if (state.epoch == epoch)
        return true;
    account_state moved = state;
    moved.epoch = epoch;
    if (!save_before(slot, state, epoch) || !slot.account->replace(state, moved))
        return false;
    state = moved;
    return true;
}

/// Moves the accounts of the group, but for the slot's own, to the epoch that is the current one
/// after their states were loaded, each in one attempt. For whoever finds that the slot's own is
/// not there yet: then the others are not either, mostly, and to move them by the way costs a third
/// of what it would cost the next who comes to each. That one would not have foreseen the branch,
/// and would have waited for that account's memory with nothing else under way.
[[gnu::__noinline__, gnu::__cold__]] inline void move_group(account_slot slot,
                                                            const epoch_clock& epochs) noexcept {
    const auto place = static_cast<std::size_t>(slot.account - slot.first);
    account* const begin = slot.first + place / group_accounts * group_accounts;
    for (account* one = begin; one != begin + group_accounts; ++one) {
        if (one == slot.account || one->number() == 0)
            continue;
        account_state state = one->load();
        const std::uint16_t epoch = epochs.now();
        if (state.transfer == 0)
            static_cast<void>(move_to_epoch({one, slot.first, slot.first_before}, state, epoch));
    }
}

/// What the cut of `epoch` takes for the account, which it moves; nothing if it was not open then.
/// `settle(account, state)` is called to bring a transfer that has the account in hand to its end.
template <class Settle>
[[nodiscard]] std::optional<account_state> cut_account(account_slot slot, std::uint16_t epoch,
                                                       Settle settle) noexcept {
    for (;;) {
        const account_state state = slot.account->load();
        if (state.epoch == epoch) {
            const account_state before = load_state(slot.before());
            const bool was_open = before.epoch == epoch && before.sequence != 0;
            return was_open ? std::optional{before} : std::nullopt;
        }
        if (state.transfer != 0) {
            settle(*slot.account, state);
            continue;
        }
        account_state moved = state;
        moved.epoch = epoch;
        if (slot.account->replace(state, moved))
            return state.sequence != 0 ? std::optional{state} : std::nullopt;
    }
}

}  // namespace detail
}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
