// Places holds in a ledger under the ids that another ledger gave them: to follow that ledger by
// its journal, while other threads read this one and cut it.
//
//     coffer::hold_follower follower{ledger};
//     while (!follower.vacate(placed.id.slot))
//         ... rest: a cut needs the hold that was there ...
//     const coffer::hold_outcome made = follower.place(placed);
//
// A hold is captured and released as ever, by ledger::capture and ledger::release with its id.
//
// Guarantees     place is atomic, as ledger::place_hold is: it happens completely or not at all,
//                and any thread may read, post and cut meanwhile.
// Limits         While there is one, ledger::place_hold and ledger::forget_hold are not called, and
//                ledger::holds counts unused slots among the holds.
// Thread safety  For one thread. One at a time for a ledger.
// Invariants     1. No slot is in a list of free ones while this exists, so that place can take
//                   any. Its end puts the unused ones there, each once.
//                2. A slot is written only if no unfinished cut needs the hold that was there:
//                   invariant 3 of hold_table.hpp, which vacate checks. Nobody else takes slots, so
//                   it stays so until place.
#pragma once

#include <cstdint>

#include <coffer/ledger.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

class hold_follower {
public:
    /// `of` must outlive it.
    explicit hold_follower(ledger& of) noexcept : ledger_{of} { ledger_.holds_.hide_free(); }
    hold_follower(const hold_follower&) = delete;
    hold_follower& operator=(const hold_follower&) = delete;
    ~hold_follower() { ledger_.holds_.give_back_unused(); }

    /// Forgets the hold in this slot if it has ended. False while an unfinished cut needs it: call
    /// it again. True if there is nothing to forget.
    [[nodiscard]] bool vacate(std::uint32_t slot) noexcept;

    /// Places `placed.amount` under `placed.id`, in a slot for which vacate has returned true. All
    /// slots up to this one get memory, 68 bytes each: the caller ensures that the slot is not
    /// absurd. Errors: as ledger::place_hold; sequence_mismatch if the id is not of the account's
    /// next posting; already_open if there is a hold in the slot.
    [[nodiscard]] hold_outcome place(const hold& placed) noexcept;

private:
    ledger& ledger_;
};

// Implementation details follow.

inline bool hold_follower::vacate(std::uint32_t slot) noexcept {
    detail::hold_slot* const one = ledger_.holds_.find(slot);
    if (one == nullptr)
        return true;
    for (;;) {
        const auto [state, described] = one->read(slot);
        if (!detail::is_hold(state))
            return !ledger_.holds_.is_needed(slot, ledger_.epochs_);
        if (described.status == hold_status::held)
            return true;
        static_cast<void>(ledger_.free_ended(*one, state));
    }
}

inline hold_outcome hold_follower::place(const hold& placed) noexcept {
    const account_number number = placed.account;
    const auto refuse = [number](errc error, const posting& last) {
        return hold_outcome{error, last, {}, {}, number};
    };
    if (placed.amount <= money{})
        return refuse(errc::invalid_amount, {number, 0, {}});
    const ledger::slot at = ledger_.accounts_.find(number);
    if (!at)
        return refuse(errc::no_such_account, {number, 0, {}});
    if (!ledger_.holds_.reach(placed.id.slot))
        return refuse(errc::ledger_full, {number, 0, {}});
    detail::hold_slot& one = *ledger_.holds_.find(placed.id.slot);
    hold made = placed;
    made.captured = {};
    made.remaining = made.amount;
    made.status = hold_status::held;
    for (;;) {
        // Before the account is read: the slot's epoch is then not later than the account's.
        const account_state free = one.state().state.load();
        detail::account_reading found = ledger_.settled_reading(at);
        if (detail::is_hold(free))
            return refuse(errc::already_open, detail::posting_of(number, found));
        const errc error =
            ledger::check_placing(found.state, made.amount, if_sequence{made.id.sequence - 1});
        if (error != errc::ok)
            return refuse(error, detail::posting_of(number, found));
        if (!ledger_.in_current_epoch(at, found.state))
            continue;
        one.describe(made);
        const money held = money::from_minor(found.held.minor() + made.amount.minor());
        const account_state after =
            ledger::after_holding(found.state, money::from_minor(-made.amount.minor()), held);
        detail::transaction_plan plan;
        plan.leg_count = 1;
        plan.legs[0] = {at.account, detail::pack(found.state), detail::pack(after)};
        if (ledger::protect(plan, at, found, held, one, free, {made.amount, free.sequence + 1}) &&
            ledger_.transactions_.carry_out(ledger_.transactions_.claim(), plan))
            return {errc::ok, detail::posting_of(number, {after, held}), made};
        detail::note_retry();
    }
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
