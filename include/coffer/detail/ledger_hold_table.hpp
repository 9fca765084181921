// Implements finding, forgetting, restoring and scanning holds, which ledger.hpp declares and
// documents.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <coffer/ledger.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

/// The account and its hold of this id, of one moment; no hold if it has none of this id.
inline ledger::hold_reading ledger::read_hold(slot at, account_number number,
                                              hold_id id) const noexcept {
    detail::hold_slot* const one = holds_.find(id.slot);
    for (;;) {
        const account_reading found = settled_reading(at);
        if (one == nullptr)
            return {found, nullptr, {}, {}};
        const auto [state, described] = one->read(id.slot);
        COFFER_TEST_STEP();
        if (found.state != at.account->load())
            continue;
        const bool is_there =
            detail::is_hold(state) && described.account == number &&
            (described.id == id || detail::planted == detail::bug::stale_generation);
        return {found, is_there ? one : nullptr, state, described};
    }
}

inline hold_outcome ledger::find_hold(account_number number, hold_id id) const noexcept {
    const slot at = accounts_.find(number);
    if (!at)
        return {errc::no_such_account, {number, 0, {}}, {}, {}, number};
    const hold_reading found = read_hold(at, number, id);
    const posting last = detail::posting_of(number, found.account);
    if (found.account.state.sequence == 0)
        return {errc::no_such_account, last, {}, {}, number};
    if (found.slot == nullptr)
        return {errc::no_such_hold, last, {}, {}, number};
    return {errc::ok, last, found.described};
}

inline bool ledger::forget_hold(account_number number, hold_id id) noexcept {
    detail::hold_slot* const one = holds_.find(id.slot);
    if (one == nullptr)
        return false;
    for (;;) {
        const auto [state, described] = one->read(id.slot);
        COFFER_TEST_STEP();
        if (!detail::is_hold(state) || described.status == hold_status::held ||
            described.account != number || described.id != id)
            return false;
        if (free_ended(*one, state)) {
            holds_.give_back(id.slot);
            return true;
        }
    }
}

/// Frees the slot of an ended hold, which is in this state. Returns false if that has changed.
inline bool ledger::free_ended(detail::hold_slot& one, account_state state) noexcept {
    // No transaction changes an ended hold, so that its account need not be reserved.
    const std::uint16_t epoch = epochs_.now();
    if (!detail::move_to_epoch(one.state(), state, epoch))
        return false;
    // After its last sequence the slot is not used again, so that this state stays.
    const std::uint64_t next = std::min(state.sequence + 1, account::max_sequence);
    return one.state().state.replace(state, {money{}, next, 0, epoch, 0});
}

inline errc ledger::restore_hold(const hold& last) noexcept {
    const bool is_open = last.status == hold_status::held;
    const money value = is_open ? last.remaining : last.captured;
    const slot at = accounts_.find(last.account);
    const account_state owner = at ? settled(at) : account_state{};
    if (owner.sequence == 0)
        return errc::no_such_account;
    // The posting that placed it is one of the account's.
    if (last.id.sequence == 0 || last.id.sequence > owner.sequence)
        return errc::sequence_exhausted;
    if (last.amount <= money{} || value < money{} || value > last.amount ||
        (is_open && value == money{}))
        return errc::invalid_amount;
    if (is_open && !owner.has_holds())
        return errc::invalid_amount;
    if (holds_.find(last.id.slot) != nullptr)
        return errc::already_open;
    if (!holds_.restore(last.id.slot))
        return errc::ledger_full;
    detail::hold_slot& one = *holds_.find(last.id.slot);
    one.describe(last);
    const account_state state{value, 1, 0, epochs_.now(), static_cast<std::uint16_t>(last.status)};
    return one.state().state.replace({}, state) ? errc::ok : errc::already_open;
}

inline errc ledger::advance(const posting& next) noexcept {
    const slot at = accounts_.find(next.account);
    if (!at)
        return errc::no_such_account;
    if (next.held < money{} || next.balance < next.held)
        return errc::invalid_amount;
    const account_state before = settled(at);
    if (before.sequence == 0)
        return errc::no_such_account;
    if (before.is_closed())
        return errc::account_closed;
    if (next.sequence != before.sequence + 1 || next.sequence > account::max_sequence)
        return errc::sequence_exhausted;
    account_state after{next.available(), next.sequence, 0, before.epoch};
    if (next.held != money{})
        after.flags = account_state::has_holds_flag;
    const account_state held = at.held().state.load();
    if (held.value != next.held)
        // No other thread uses the ledger, so that it succeeds, and so does the other.
        static_cast<void>(at.held().state.replace(
            held, account_state{next.held, held.sequence + 1, 0, before.epoch}));
    static_cast<void>(at.account->replace(before, after));
    return errc::ok;
}

template <class Visitor>
bool ledger::scan_holds(hold_place& from, std::size_t max_slots, Visitor&& visitor) const {
    for (const std::uint32_t end = holds_.end(); from.slot < end; --max_slots) {
        if (max_slots == 0)
            return false;
        const std::uint32_t index = from.slot++;
        const auto [state, described] = holds_.find(index)->read(index);
        if (detail::is_hold(state))
            visitor(described);
    }
    return true;
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
