// A consistent cut that is visited step by step, as fast as its user takes it.
//
//     std::optional<coffer::resumable_cut> cut = ledger.begin_cut();
//     if (!cut)
//         return;  // another cut is under way
//     while (cut->next(256, visitor) == coffer::resumable_cut::state::more)
//         ... other work, for any length of time ...
//
// Guarantees     as a cut's, see cut.hpp: what the steps visit together is one consistent cut, that
//                of the step in which has_begun() becomes true. A step is short: it looks at a
//                bounded number of accounts. No call waits for another thread.
// Limits         one cut at a time. A resumable one may be overtaken between two steps: by a
//                blocking ledger::cut that has waited for cut_pace::patience, and by either kind
//                once it has taken no step for `idle_patience`. Then the other cut moves the rest
//                of its accounts, and its next step returns `overtaken`. So a user who is slow, or
//                gone, does not hold up others.
// Thread safety  steps may be taken by any thread, one at a time.
// Invariants     1. Only the holder of the desk moves its place, and only within a step.
//                2. A cut that its holder leaves unfinished is finished by the next holder, before
//                   that begins its own: so every cut moves every account (cut.hpp, invariant 3).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>

#include <coffer/account_table.hpp>
#include <coffer/cut.hpp>
#include <coffer/detail/account_reading.hpp>
#include <coffer/detail/transaction_table.hpp>
#include <coffer/hold.hpp>
#include <coffer/hold_table.hpp>
#include <coffer/posting.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

namespace detail {

/// Gives out the right to cut, to one holder at a time, and keeps how far the cut has come.
class cut_desk {
public:
    using clock = std::chrono::steady_clock;
    using holder = std::uint64_t;  ///< 0: none

    /// Takes the desk if it is free, or from a holder that may be overtaken and has taken no step
    /// for `idle_patience`. Does not wait. The new holder may be overtaken.
    [[nodiscard]] holder try_take(clock::duration idle_patience) noexcept {
        const std::lock_guard<std::mutex> lock{guard_};
        const bool is_free = holder_ == 0 || (is_overtakable_ && is_idle(idle_patience));
        return is_free && !is_wanted_ ? hand_over(true) : 0;
    }

    /// Takes the desk when it is free or, after `patience`, from a holder that may be overtaken;
    /// from one that has taken no step for `idle_patience`, at once. The new holder is not
    /// overtaken.
    [[nodiscard]] holder take(clock::duration patience, clock::duration idle_patience) noexcept {
        const clock::time_point deadline = clock::now() + patience;
        for (;;) {
            {
                const std::lock_guard<std::mutex> lock{guard_};
                const bool is_late = clock::now() >= deadline || is_idle(idle_patience);
                is_wanted_ = is_wanted_ || (holder_ != 0 && is_overtakable_ && is_late);
                if (!is_stepping_ && (holder_ == 0 || is_wanted_))
                    return hand_over(false);
            }
            std::this_thread::sleep_for(look_again);
        }
    }

    /// Begins a step; false if the holder has been overtaken.
    [[nodiscard]] bool begin_step(holder one) noexcept {
        const std::lock_guard<std::mutex> lock{guard_};
        // Others' calls leave is_stepping_ alone: it may be the present holder's.
        if (holder_ != one || is_wanted_)
            return false;
        is_stepping_ = true;
        return true;
    }
    void end_step() noexcept {
        const std::lock_guard<std::mutex> lock{guard_};
        is_stepping_ = false;
        last_step_ = clock::now();
    }
    /// Gives the desk back, unless the holder has been overtaken.
    void leave(holder one) noexcept {
        const std::lock_guard<std::mutex> lock{guard_};
        if (holder_ == one)
            holder_ = 0;
    }

    // For the holder, in a step.

    account_table::visit_place place{};  ///< up to where accounts have been moved
    bool are_accounts_moved = false;     ///< all of them: then holds are moved
    std::uint32_t hold_place = 0;        ///< up to where holds have been moved
    std::uint32_t holds_end = 0;         ///< where they ended when the accounts had been moved
    std::uint64_t epoch = 0;             ///< of the last cut that was begun
    bool is_unfinished = false;          ///< that one has not moved every account
    clock::time_point not_before{};      ///< the next cut may begin from here on

private:
    [[gnu::__visibility__("hidden")]] static constexpr std::chrono::microseconds look_again{200};

    [[nodiscard]] bool is_idle(clock::duration patience) const noexcept {
        return !is_stepping_ && clock::now() - last_step_ >= patience;
    }
    holder hand_over(bool is_overtakable) noexcept {
        is_overtakable_ = is_overtakable;
        is_wanted_ = false;
        last_step_ = clock::now();
        holder_ = ++last_holder_;
        return holder_;
    }

    std::mutex guard_{};  // held for a few instructions
    holder holder_ = 0;
    holder last_holder_ = 0;
    bool is_overtakable_ = false;
    bool is_wanted_ = false;  // by one who has waited long enough
    bool is_stepping_ = false;
    clock::time_point last_step_{};  // its end, or the moment at which the holder took the desk
};

/// What a cut works on: parts of the ledger.
struct cut_parts {
    account_table& accounts;
    hold_table& holds;
    transaction_table& transactions;
    epoch_clock& epochs;
    cut_desk& desk;
};

}  // namespace detail

class resumable_cut {
public:
    enum class state : std::uint8_t {
        more,       ///< call next again, now or at any time
        done,       ///< every account and hold of the cut has been visited
        overtaken,  ///< another cut has taken over: the rest is not visited
    };

    resumable_cut(resumable_cut&& other) noexcept
        : parts_{other.parts_},
          holder_{std::exchange(other.holder_, 0)},
          state_{other.state_},
          has_begun_{other.has_begun_},
          moved_{other.moved_},
          summary_{other.summary_} {}
    resumable_cut& operator=(resumable_cut&&) = delete;
    /// Leaves what is left of the cut to the next one. Does not wait and moves nothing.
    ~resumable_cut() { leave(); }

    /// Moves some accounts and calls `visitor(account_view)` for those of the cut: `max_visits`,
    /// which is not zero, at most, and often fewer or none, as the table has gaps. After all
    /// accounts it moves holds, and calls `hold_visitor(const hold&)` for those of the cut, in the
    /// order of their slots. Steps before has_begun() finish what an earlier cut left, or find that
    /// a millisecond since that began is not over. The step that begins the cut visits nothing. If
    /// a visitor throws, what it was called with counts as visited.
    template <class Visitor, class HoldVisitor>
    state next(std::size_t max_visits, Visitor&& visitor, HoldVisitor&& hold_visitor);
    /// The same; the holds are moved too, but not visited.
    template <class Visitor>
    state next(std::size_t max_visits, Visitor&& visitor) {
        return next(max_visits, visitor, [](const hold&) noexcept {});
    }

    /// Whether the cut's moment has come. From then on summary().epoch is the cut's number.
    [[nodiscard]] bool has_begun() const noexcept { return has_begun_; }

    /// Of what has been visited so far: all of the cut once next has returned `done`.
    [[nodiscard]] const cut_summary& summary() const noexcept { return summary_; }

private:
    friend class ledger;

    /// How many places of the table a step looks at, for each account that it may visit.
    [[gnu::__visibility__("hidden")]] static constexpr std::size_t places_an_account = 4;

    resumable_cut(const detail::cut_parts& parts, detail::cut_desk::holder holder) noexcept
        : parts_{parts}, holder_{holder} {}

    void leave() noexcept {
        if (holder_ != 0)
            parts_.desk.leave(std::exchange(holder_, 0));
    }
    void begin() noexcept {
        detail::cut_desk& desk = parts_.desk;
        if (detail::cut_desk::clock::now() < desk.not_before)
            return;
        has_begun_ = true;
        summary_.epoch = desk.epoch = parts_.epochs.advance();
        desk.not_before = detail::cut_desk::clock::now() + detail::cut_spacing();
        desk.place = {};
        desk.hold_place = 0;
        desk.are_accounts_moved = false;
        desk.is_unfinished = true;
    }
    template <class Visitor, class HoldVisitor>
    void move(std::size_t max_visits, Visitor&& visitor, HoldVisitor&& hold_visitor);
    template <class Visitor>
    void move_accounts(std::size_t max_visits, Visitor&& visitor);
    template <class HoldVisitor>
    void move_holds(std::size_t max_visits, HoldVisitor&& hold_visitor);

    detail::cut_parts parts_;
    detail::cut_desk::holder holder_;
    state state_ = state::more;
    bool has_begun_ = false;
    std::size_t moved_ = 0;  // accounts and holds, by the last step
    cut_summary summary_{};
};

// Implementation details follow.

template <class Visitor>
void resumable_cut::move_accounts(std::size_t max_visits, Visitor&& visitor) {
    detail::cut_desk& desk = parts_.desk;
    const std::uint16_t epoch = detail::epoch_clock::in_a_state(desk.epoch);
    const auto settle = [this](account& one, account_state found) noexcept {
        parts_.transactions.settle(one, found);
    };
    desk.are_accounts_moved = parts_.accounts.visit_from(
        desk.place, max_visits * places_an_account, [&](detail::account_slot at) {
            ++moved_;
            if (const auto taken = detail::cut_account(at, epoch, settle))
                visitor(detail::view_of(at.account->number(), *taken));
            return moved_ < max_visits;
        });
    // All that are taken later were never used in an earlier epoch.
    desk.holds_end = parts_.holds.end();
}

template <class HoldVisitor>
void resumable_cut::move_holds(std::size_t max_visits, HoldVisitor&& hold_visitor) {
    detail::cut_desk& desk = parts_.desk;
    const std::uint16_t epoch = detail::epoch_clock::in_a_state(desk.epoch);
    for (; desk.hold_place != desk.holds_end && moved_ < max_visits; ++moved_) {
        const std::uint32_t slot = desk.hold_place++;
        if (const auto taken = parts_.holds.cut(slot, epoch))
            hold_visitor(*taken);
    }
    if (desk.hold_place != desk.holds_end)
        return;
    parts_.epochs.finish();
    desk.is_unfinished = false;
}

template <class Visitor, class HoldVisitor>
void resumable_cut::move(std::size_t max_visits, Visitor&& visitor, HoldVisitor&& hold_visitor) {
    if (!parts_.desk.are_accounts_moved)
        move_accounts(max_visits, visitor);
    else
        move_holds(max_visits, hold_visitor);
}

template <class Visitor, class HoldVisitor>
resumable_cut::state resumable_cut::next(std::size_t max_visits, Visitor&& visitor,
                                         HoldVisitor&& hold_visitor) {
    moved_ = 0;
    if (state_ != state::more)
        return state_;
    if (!parts_.desk.begin_step(holder_))
        return state_ = state::overtaken;
    struct step_end {
        detail::cut_desk& desk;
        ~step_end() { desk.end_step(); }
    };
    {
        const step_end at_exit{parts_.desk};
        if (has_begun_) {
            const auto visit = [&](const account_view& taken) {
                ++summary_.accounts;
                summary_.total_minor += static_cast<std::uint64_t>(taken.balance.minor());
                visitor(taken);
            };
            move(max_visits, visit, [&](const hold& taken) {
                ++summary_.holds;
                hold_visitor(taken);
            });
            if (!parts_.desk.is_unfinished)
                state_ = state::done;
        } else if (parts_.desk.is_unfinished &&
                   detail::planted != detail::bug::leftovers_not_moved) {
            move(
                max_visits, [](const account_view&) noexcept {}, [](const hold&) noexcept {});
        } else {
            begin();
        }
    }
    if (state_ == state::done)
        leave();
    return state_;
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
