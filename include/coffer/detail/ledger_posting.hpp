// Implements the ledger's postings to single accounts, which ledger.hpp declares and documents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <coffer/ledger.hpp>
#include <coffer/retries.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

inline outcome ledger::insert(const posting& last, std::uint64_t durable_sequence,
                              account_status status) noexcept {
    if (last.account == 0)
        return {errc::no_such_account, last};
    if (last.held < money{} || last.balance < last.held)
        return {errc::invalid_amount, last};
    if (status == account_status::closed && last.balance != money{})
        return {errc::invalid_amount, last};
    if (last.sequence == 0 || last.sequence > account::max_sequence)
        return {errc::sequence_exhausted, last};
    const slot at = accounts_.find_or_insert(last.account);
    if (!at)
        return {errc::ledger_full, last};
    account_state wanted{last.available(), last.sequence};
    if (status == account_status::closed)
        wanted.flags = account_state::closed_flag;
    for (;;) {
        const account_state before = settled(at);
        if (before.sequence != 0)
            return {errc::already_open, detail::posting_of(last.account, settled_reading(at))};
        wanted.epoch = epochs_.now();
        if (last.held != money{}) {
            // Only restore has holds, and is the only one that uses the ledger then.
            wanted.flags |= account_state::has_holds_flag;
            static_cast<void>(
                at.held().state.replace({}, account_state{last.held, 1, 0, wanted.epoch}));
        }
        if (at.account->replace(before, wanted)) {
            accounts_.note_number(last.account);
            if (durable_sequence != 0)
                at.account->note_durable(durable_sequence);
            return {errc::ok, last};
        }
    }
}

/// Returns the account's state once it is not reserved by a transaction.
inline account_state ledger::settled(slot at) const noexcept {
    for (;;) {
        const account_state state = at.account->load();
        if (state.transfer == 0)
            return state;
        settle(at, state);
    }
}

/// The same, with what its holds hold.
inline detail::account_reading ledger::settled_reading(slot at) const noexcept {
    for (;;) {
        const account_state state = settled(at);
        if (!state.has_holds())
            return {state, {}};
        COFFER_TEST_STEP();
        const money held = at.held().state.load().value;
        COFFER_TEST_STEP();
        // What is held changes only while the account is reserved, and that changes its state.
        if (detail::planted == detail::bug::sum_read_torn || at.account->load() == state)
            return {state, held};
    }
}

// Not inlined into postings, which mostly find the account not reserved. If it returned the next
// state, the compiler would keep all states in memory: a fifth slower.
[[gnu::__noinline__, gnu::__cold__]] inline void ledger::settle(
    slot at, account_state state) const noexcept {
    transactions_.settle(*at.account, state);
}

/// Moves the account to the epoch that is the current one after its state was loaded. Returns false
/// if the state has changed.
inline bool ledger::in_current_epoch(slot at, account_state& state) noexcept {
    const std::uint16_t epoch = epochs_.now();
    if (state.epoch != epoch)
        detail::move_group(at, epochs_);
    return detail::move_to_epoch(at.state(), state, epoch);
}

/// Replaces the account's state by one of the epoch that is the current one after `before` was
/// loaded. Returns false if it has another state by now.
inline bool ledger::replace(slot at, account_state before, account_state after) noexcept {
    if (before.epoch != after.epoch) {
        detail::move_group(at, epochs_);
        if (!detail::save_before(at.state(), before, after.epoch))
            return false;
    }
    return at.account->replace(before, after) || detail::planted == detail::bug::lost_retry;
}

// `change` turns the balance into the next one, or returns an error. It is called again for each
// posting of another thread that comes first.
//
// Nearly all postings are the common case, in few instructions: so few that a processor overlaps
// the cache misses of several. All others continue in post_in_steps. Inlined into its caller, which
// some compilers would not do by themselves: a fifth faster.
template <class Change>
outcome ledger::post(account_number number, money amount, Change change,
                     if_sequence condition) noexcept {
    if (amount <= money{})
        return {errc::invalid_amount, {number, 0, {}}};
    const slot at = accounts_.find(number);
    if (!at)
        return {errc::no_such_account, {number, 0, {}}};
    const std::uint16_t too_early = epoch_first ? epochs_.now() : std::uint16_t{0};
    const detail::double_word found = at.account->glimpse();
    COFFER_TEST_STEP();
    const std::uint16_t epoch = epoch_first ? too_early : epochs_.now();
    money balance = money::from_minor(static_cast<std::int64_t>(found.first));
    const std::uint64_t next = detail::next_posting(found.second);
    if (detail::is_ordinary(found.second, epoch) &&
        condition.allows(found.second >> detail::sequence_shift) &&
        change(balance, amount) == errc::ok) [[likely]] {
        if (at.account->replace(found, {static_cast<std::uint64_t>(balance.minor()), next}) ||
            detail::planted == detail::bug::lost_retry) [[likely]]
            return {errc::ok, {number, next >> detail::sequence_shift, balance, {}}};
        detail::note_retry();
    }
    return post_in_steps(at, number, amount, change, condition);
}

template <class Change>
[[gnu::__noinline__, gnu::__cold__]] outcome ledger::post_in_steps(slot at, account_number number,
                                                                   money amount, Change change,
                                                                   if_sequence condition) noexcept {
    for (;;) {
        const std::uint16_t too_early = epoch_first ? epochs_.now() : std::uint16_t{0};
        const account_reading before = settled_reading(at);
        COFFER_TEST_STEP();
        const std::uint16_t epoch = epoch_first ? too_early : epochs_.now();
        const posting last = detail::posting_of(number, before);
        if (before.state.sequence == 0)
            return {errc::no_such_account, last};
        if (!condition.allows(before.state.sequence))
            return {errc::sequence_mismatch, last};
        if (before.state.is_closed())
            return {errc::account_closed, last};
        account_reading after = before;
        after.state.epoch = epoch;
        ++after.state.sequence;
        money booked = last.balance;
        errc error = change(after.state.value, amount);
        // What is held must not overflow the balance when it is released.
        if (error == errc::ok && before.held != money{})
            error = change(booked, amount);
        if (error == errc::ok && before.state.sequence == account::max_sequence)
            error = errc::sequence_exhausted;
        if (error != errc::ok)
            return {error, last};
        if (replace(at, before.state, after.state))
            return {errc::ok, detail::posting_of(number, after)};
        detail::note_retry();
    }
}

inline ledger::account_outcome ledger::change_status(account_number number, account_status wanted,
                                                     if_sequence condition) noexcept {
    const slot at = accounts_.find(number);
    if (!at)
        return {errc::no_such_account, {{number, 0, {}}}};
    const bool is_closing = wanted == account_status::closed;
    for (;;) {
        const account_reading before = settled_reading(at);
        COFFER_TEST_STEP();
        account_reading after = before;
        after.state.epoch = epochs_.now();
        ++after.state.sequence;
        after.state.flags = is_closing ? account_state::closed_flag : std::uint16_t{0};
        errc error = errc::ok;
        if (before.state.sequence == 0)
            error = errc::no_such_account;
        else if (!condition.allows(before.state.sequence))
            error = errc::sequence_mismatch;
        else if (before.state.is_closed() == is_closing)
            error = is_closing ? errc::account_closed : errc::account_not_closed;
        else if (is_closing && detail::booked_of(before) != money{})
            error = errc::account_not_empty;
        else if (before.state.sequence == account::max_sequence)
            error = errc::sequence_exhausted;
        if (error != errc::ok)
            return {error, detail::view_of(number, before)};
        if (replace(at, before.state, after.state))
            return {errc::ok, detail::view_of(number, after)};
        detail::note_retry();
    }
}

inline outcome ledger::deposit(account_number number, money amount,
                               if_sequence condition) noexcept {
    return post(number, amount, detail::add, condition);
}

inline outcome ledger::withdraw(account_number number, money amount,
                                if_sequence condition) noexcept {
    return post(number, amount, detail::subtract, condition);
}

inline outcome ledger::balance(account_number number) const noexcept {
    const slot at = accounts_.find(number);
    if (!at)
        return {errc::no_such_account, {number, 0, {}}};
    account_reading found{at.account->load(), {}};
    if (found.state.transfer != 0 || found.state.has_holds()) [[unlikely]]
        found = read_in_steps(at);
    return {found.state.sequence == 0 ? errc::no_such_account : errc::ok,
            detail::posting_of(number, found)};
}

inline ledger::account_outcome ledger::look(account_number number) const noexcept {
    const slot at = accounts_.find(number);
    if (!at)
        return {errc::no_such_account, {{number, 0, {}}}};
    const account_reading found = read_in_steps(at);
    return {found.state.sequence == 0 ? errc::no_such_account : errc::ok,
            detail::view_of(number, found)};
}

// Not inlined: most accounts are not reserved and have no holds.
[[gnu::__noinline__, gnu::__cold__]] inline detail::account_reading ledger::read_in_steps(
    slot at) const noexcept {
    const account_state state = transactions_.read(*at.account);
    return state.has_holds() ? settled_reading(at) : account_reading{state, {}};
}

inline std::size_t ledger::apply(std::span<const operation> operations,
                                 std::span<outcome> outcomes) noexcept {
    constexpr std::size_t ahead = 16;  // hides a cache miss, and stays in the cache
    const std::size_t count =
        operations.size() < outcomes.size() ? operations.size() : outcomes.size();
    for (std::size_t i = 0; i != count && i != ahead; ++i)
        accounts_.prefetch(operations[i].account);
    for (std::size_t i = 0; i != count; ++i) {
        if (i + ahead < count)
            accounts_.prefetch(operations[i + ahead].account);
        const operation& one = operations[i];
        // No switch: for one over all kinds some compilers warn without a default, others with one.
        if (one.kind == operation_kind::balance)
            outcomes[i] = balance(one.account);
        else if (one.kind == operation_kind::deposit)
            outcomes[i] = deposit(one.account, one.amount);
        else if (one.kind == operation_kind::withdraw)
            outcomes[i] = withdraw(one.account, one.amount);
        else
            return i;
    }
    return count;
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
