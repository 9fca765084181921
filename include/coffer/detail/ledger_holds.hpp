// Implements placing, capturing and releasing holds, which ledger.hpp declares and documents.
#pragma once

#include <cstdint>
#include <optional>

#include <coffer/detail/hold_change.hpp>
#include <coffer/ledger.hpp>
#include <coffer/retries.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

/// The account's state after its next posting, which changes what is available and what is held.
inline account_state ledger::after_holding(const account_state& before, money gain,
                                           money held) noexcept {
    account_state after = before;
    after.value = money::from_minor(before.value.minor() + gain.minor());
    after.sequence = before.sequence + 1;
    after.flags = static_cast<std::uint16_t>(before.flags & ~account_state::has_holds_flag);
    if (held != money{})
        after.flags |= account_state::has_holds_flag;
    return after;
}

/// Adds to `plan` the changes of an account's held total, and of one of its holds, from `hold` to
/// `hold_after`. The words must be as they were when the account was `found`. Returns false if one
/// of them has changed since, which changes the account too.
inline bool ledger::protect(detail::transaction_plan& plan, slot at, const account_reading& found,
                            money held_after, detail::hold_slot& one, account_state hold,
                            account_state hold_after) noexcept {
    account_state held = at.held().state.load();
    // Unchanged: so the words are of the account's epoch or an earlier one, and may be moved to it.
    if (at.account->load() != found.state ||
        !detail::move_to_epoch(at.held(), held, found.state.epoch) ||
        !detail::move_to_epoch(one.state(), hold, found.state.epoch))
        return false;
    hold_after.epoch = hold.epoch;
    account_state total = held;
    total.value = held_after;
    total.sequence = held.sequence + 1;
    plan.protected_count = detail::max_protected;
    plan.protected_words = {
        detail::protected_change{&one.state().state, detail::pack(hold), detail::pack(hold_after)},
        detail::protected_change{&at.held().state, detail::pack(held), detail::pack(total)}};
    return true;
}

// As in post: the common case in few instructions, all others in steps. That the account is
// reserved as it was found shows that the words it protects were found as they are: invariant 6 of
// detail/transaction_table.hpp.
inline hold_outcome ledger::place_hold(account_number number, money amount,
                                       std::int64_t expires_at_ns, if_sequence condition) noexcept {
    hold_outcome done{errc::ok, {number, 0, {}}, {}, {}, number};
    place_at_once(amount, expires_at_ns, condition, done);
    return done;
}

inline void ledger::place_at_once(money amount, std::int64_t expires_at_ns, if_sequence condition,
                                  hold_outcome& done) noexcept {
    const account_number number = done.culprit;
    if (amount <= money{}) {
        done.error = errc::invalid_amount;
        return;
    }
    accounts_.prefetch_with_held(number);
    const std::uint16_t record = transactions_.claim();  // while the account is being fetched
    const slot at = accounts_.find(number);
    if (!at) [[unlikely]] {
        transactions_.release(record);
        done.error = errc::no_such_account;
        return;
    }
    const auto minor = static_cast<std::uint64_t>(amount.minor());
    // One that is refused takes no slot. Before the account is read: a slot's epoch is then not
    // later than the account's.
    std::optional<std::uint32_t> index;
    if (condition.is_any() && static_cast<std::int64_t>(at.account->glimpse().first - minor) >= 0)
        [[likely]]
        index = holds_.take(epochs_);
    if (!index) [[unlikely]] {
        transactions_.release(record);
        return place_in_steps(at, amount, expires_at_ns, condition, index, done);
    }
    detail::hold_slot& one = *holds_.find(*index);
    const detail::double_word found = at.account->glimpse();
    detail::double_word held = at.held().state.glimpse();
    const detail::double_word free = one.state().state.glimpse();
    COFFER_TEST_STEP();
    const std::uint16_t epoch = epochs_.now();
    // The account's first hold: so its held total is moved to the epoch as in protect, which has
    // nothing to save. Whatever the account is by now, a total never used may be of any epoch.
    const detail::double_word never_changed{0, epoch};
    if (held.second == 0 && at.held().state.replace({}, never_changed)) [[unlikely]]
        held = never_changed;
    const auto value = static_cast<std::int64_t>(found.first - minor);
    if (!detail::is_ordinary_with_holds(found.second, epoch) || value < 0 ||
        !detail::is_of_epoch(held.second, epoch) || !detail::is_of_epoch(free.second, epoch))
        [[unlikely]] {
        transactions_.release(record);
        return place_in_steps(at, amount, expires_at_ns, condition, index, done);
    }
    const detail::double_word after{static_cast<std::uint64_t>(value),
                                    detail::next_posting(found.second) | detail::has_holds_bit};
    hold& placed = done.hold;
    placed.account = number;
    placed.id = {after.second >> detail::sequence_shift, *index};
    placed.amount = placed.remaining = amount;
    placed.expires_at_ns = expires_at_ns;
    one.describe(placed);
    const detail::double_word total{held.first + minor, detail::next_posting(held.second)};
    detail::transaction_plan plan;
    plan.leg_count = 1;
    plan.legs[0] = {at.account, found, after};
    plan.protected_count = detail::max_protected;
    plan.protected_words = {
        detail::protected_change{
            &one.state().state, free, {minor, detail::next_posting(free.second)}},
        detail::protected_change{&at.held().state, held, total}};
    if (!transactions_.carry_out(record, plan)) [[unlikely]] {
        detail::note_retry();
        return place_in_steps(at, amount, expires_at_ns, condition, index, done);
    }
    done.posting.sequence = placed.id.sequence;
    done.posting.balance = money::from_minor(static_cast<std::int64_t>(after.first + total.first));
    done.posting.held = money::from_minor(static_cast<std::int64_t>(total.first));
    done.culprit = 0;
}

[[gnu::__noinline__, gnu::__cold__]] inline void ledger::place_in_steps(
    slot at, money amount, std::int64_t expires_at_ns, if_sequence condition,
    std::optional<std::uint32_t> index, hold_outcome& done) noexcept {
    const account_number number = done.posting.account;
    for (;;) {
        account_reading found = settled_reading(at);
        COFFER_TEST_STEP();
        errc error = check_placing(found.state, amount, condition);
        if (error == errc::ok && !index) {
            index = holds_.take(epochs_);
            if (index)
                continue;  // the account is read after that, as above
            error = errc::ledger_full;
        }
        if (error != errc::ok) {
            if (index)
                holds_.give_back(*index);
            done = {error, detail::posting_of(number, found), {}, {}, number};
            return;
        }
        if (!in_current_epoch(at, found.state))
            continue;
        const hold placed{
            number,       {found.state.sequence + 1, *index}, amount, {}, amount, hold_status::held,
            expires_at_ns};
        detail::hold_slot& one = *holds_.find(*index);
        one.describe(placed);
        const account_state free = one.state().state.load();
        const account_state taken{amount, free.sequence + 1};
        const money held = money::from_minor(found.held.minor() + amount.minor());
        const account_state after =
            after_holding(found.state, money::from_minor(-amount.minor()), held);
        detail::transaction_plan plan;
        plan.leg_count = 1;
        plan.legs[0] = {at.account, detail::pack(found.state), detail::pack(after)};
        if (protect(plan, at, found, held, one, free, taken) &&
            transactions_.carry_out(transactions_.claim(), plan)) {
            done = {errc::ok, detail::posting_of(number, {after, held}), placed};
            return;
        }
        detail::note_retry();
    }
}

inline errc ledger::check_placing(const account_state& state, money amount,
                                  if_sequence condition) noexcept {
    if (state.sequence == 0)
        return errc::no_such_account;
    if (!condition.allows(state.sequence))
        return errc::sequence_mismatch;
    if (state.is_closed())
        return errc::account_closed;
    if (state.value < amount)
        return errc::insufficient_funds;
    return state.sequence == account::max_sequence ? errc::sequence_exhausted : errc::ok;
}

inline hold_outcome ledger::capture(account_number number, hold_id id,
                                    const capture_request& request,
                                    if_sequence condition) noexcept {
    if (request.amount && *request.amount <= money{})
        return {errc::invalid_amount, {number, 0, {}}, {}, {}, number};
    if (request.payee == number && number != 0)
        return {errc::same_account, {number, 0, {}}, {}, {}, number};
    return change_hold(number, id, {request.amount, true, request.is_final, hold_status::captured},
                       request.payee, condition);
}

inline hold_outcome ledger::release(account_number number, hold_id id, hold_status ended_as,
                                    if_sequence condition) noexcept {
    if (ended_as != hold_status::released && ended_as != hold_status::expired)
        return {errc::invalid_amount, {number, 0, {}}, {}, {}, number};
    return change_hold(number, id, {{}, false, true, ended_as}, 0, condition);
}

/// Why an open hold is not changed, if it is not, and the account that this is about.
inline errc ledger::check_change(const hold_reading& found, const account_reading* payee,
                                 const detail::hold_effect& effect, if_sequence condition,
                                 bool& is_about_payee) noexcept {
    is_about_payee = false;
    if (found.account.state.sequence == 0)
        return errc::no_such_account;
    is_about_payee = payee != nullptr && payee->state.sequence == 0;
    if (is_about_payee)
        return errc::no_such_account;
    if (!condition.allows(found.account.state.sequence))
        return errc::sequence_mismatch;
    if (found.slot == nullptr)
        return errc::no_such_hold;
    if (found.described.status != hold_status::held)
        return errc::hold_ended;
    is_about_payee = payee != nullptr && payee->state.is_closed();
    if (is_about_payee)
        return errc::account_closed;
    if (effect.error != errc::ok)
        return effect.error;
    is_about_payee = payee != nullptr;
    if (is_about_payee)
        if (const errc error = detail::check_funds(*payee, effect.paid); error != errc::ok)
            return error;
    is_about_payee = false;
    if (found.account.state.sequence == account::max_sequence ||
        found.state.sequence == account::max_sequence)
        return errc::sequence_exhausted;
    is_about_payee = payee != nullptr && payee->state.sequence == account::max_sequence;
    return is_about_payee ? errc::sequence_exhausted : errc::ok;
}

inline hold_outcome ledger::change_hold(account_number number, hold_id id,
                                        const detail::hold_change& change, account_number payee,
                                        if_sequence condition) noexcept {
    hold_outcome done{errc::ok, {number, 0, {}}, {}, {payee, 0, {}}, number};
    change_at_once(id, change, condition, done);
    return done;
}

inline void ledger::change_at_once(hold_id id, const detail::hold_change& change,
                                   if_sequence condition, hold_outcome& done) noexcept {
    const account_number number = done.culprit;
    const account_number payee = done.payee.account;
    accounts_.prefetch_with_held(number);
    detail::hold_slot* const one = holds_.find(id.slot);
    if (one != nullptr)
        __builtin_prefetch(one, 1, 3);
    const std::uint16_t record = transactions_.claim();  // while those are being fetched
    const slot at = accounts_.find(number);
    if (!at || one == nullptr || payee != 0 || !condition.is_any()) [[unlikely]] {
        transactions_.release(record);
        if (at)
            return change_in_steps(at, id, change, condition, done);
        done.error = errc::no_such_account;
        return;
    }
    const detail::double_word found = at.account->glimpse();
    const detail::double_word open = one->state().state.glimpse();
    const hold before = one->described(id.slot, detail::unpack(open));
    // The fields belong to the word if that is the same before and after.
    const bool is_there = one->is(number, id.sequence) && detail::is_hold(detail::unpack(open)) &&
                          one->state().state.glimpse() == open;
    const detail::double_word held = at.held().state.glimpse();
    COFFER_TEST_STEP();
    const std::uint16_t epoch = epochs_.now();
    const auto effect = detail::effect_of(change, before, detail::unpack(open));
    if (!is_there || effect.error != errc::ok ||
        !detail::is_ordinary_with_holds(found.second, epoch) ||
        !detail::is_ordinary(open.second, epoch) || !detail::is_of_epoch(held.second, epoch))
        [[unlikely]] {
        transactions_.release(record);
        return change_in_steps(at, id, change, condition, done);
    }
    const auto released = static_cast<std::uint64_t>(effect.released.minor());
    const detail::double_word total{
        held.first - released - static_cast<std::uint64_t>(effect.paid.minor()),
        detail::next_posting(held.second)};
    const std::uint64_t flag = total.first != 0 ? detail::has_holds_bit : 0;
    const detail::double_word after{
        found.first + released,
        (detail::next_posting(found.second) & ~detail::has_holds_bit) | flag};
    detail::transaction_plan plan;
    plan.leg_count = 1;
    plan.legs[0] = {at.account, found, after};
    plan.protected_count = detail::max_protected;
    plan.protected_words = {
        detail::protected_change{&one->state().state, open, detail::pack(effect.hold)},
        detail::protected_change{&at.held().state, held, total}};
    if (!transactions_.carry_out(record, plan)) [[unlikely]] {
        detail::note_retry();
        return change_in_steps(at, id, change, condition, done);
    }
    done.posting.sequence = after.second >> detail::sequence_shift;
    done.posting.balance = money::from_minor(static_cast<std::int64_t>(after.first + total.first));
    done.posting.held = money::from_minor(static_cast<std::int64_t>(total.first));
    done.hold = detail::in_state(before, effect.hold);
    done.culprit = 0;
}

[[gnu::__noinline__, gnu::__cold__]] inline void ledger::change_in_steps(
    slot at, hold_id id, const detail::hold_change& change, if_sequence condition,
    hold_outcome& done) noexcept {
    const account_number number = done.posting.account;
    const account_number payee = done.payee.account;
    const slot payee_at = payee != 0 ? accounts_.find(payee) : slot{};
    for (;;) {
        hold_reading found = read_hold(at, number, id);
        account_reading payee_found{};
        if (payee_at)
            payee_found = settled_reading(payee_at);
        const auto effect = found.slot != nullptr
                                ? detail::effect_of(change, found.described, found.state)
                                : detail::hold_effect{};
        COFFER_TEST_STEP();
        bool is_about_payee = false;
        const errc error = check_change(found, payee != 0 ? &payee_found : nullptr, effect,
                                        condition, is_about_payee);
        if (error != errc::ok) {
            // Both accounts of one moment: this one had not changed when the payee was read.
            if (payee_at && at.account->load() != found.account.state)
                continue;
            done.error = error;
            done.posting = detail::posting_of(number, found.account);
            if (found.slot != nullptr)
                done.hold = found.described;
            if (payee != 0)
                done.payee = detail::posting_of(payee, payee_found);
            done.culprit = is_about_payee ? payee : number;
            return;
        }
        if (!in_current_epoch(at, found.account.state) ||
            (payee_at && (!in_current_epoch(payee_at, payee_found.state) ||
                          payee_found.state.epoch != found.account.state.epoch)))
            continue;
        const money held = money::from_minor(found.account.held.minor() - effect.paid.minor() -
                                             effect.released.minor());
        const account_state after = after_holding(found.account.state, effect.released, held);
        detail::transaction_plan plan;
        plan.leg_count = payee_at ? 2 : 1;
        const detail::transaction_leg mine{at.account, detail::pack(found.account.state),
                                           detail::pack(after)};
        account_state payee_after = payee_found.state;
        const bool is_payee_first = payee_at && payee < number;
        plan.legs[is_payee_first ? 1 : 0] = mine;
        if (payee_at) {
            ++payee_after.sequence;
            payee_after.value = money::from_minor(payee_after.value.minor() + effect.paid.minor());
            plan.legs[is_payee_first ? 0 : 1] = {payee_at.account, detail::pack(payee_found.state),
                                                 detail::pack(payee_after)};
        }
        if (!protect(plan, at, found.account, held, *found.slot, found.state, effect.hold) ||
            !transactions_.carry_out(transactions_.claim(), plan)) {
            detail::note_retry();
            continue;
        }
        done = {errc::ok, detail::posting_of(number, {after, held})};
        done.hold = detail::in_state(found.described, effect.hold);
        if (payee_at)
            done.payee = detail::posting_of(payee, {payee_after, payee_found.held});
        return;
    }
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
