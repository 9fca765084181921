// Implements ledger::transact, which ledger.hpp declares and documents.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <coffer/ledger.hpp>
#include <coffer/retries.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

namespace detail {

/// Why a transaction is refused, and the leg that this is about.
struct leg_refusal {
    errc error = errc::ok;
    std::size_t culprit = 0;
};

/// Checks what can be checked without the accounts.
[[nodiscard, gnu::__always_inline__]] inline leg_refusal check_form(
    std::span<const leg> legs) noexcept {
    if (legs.size() < 2)
        return {errc::too_few_legs, legs.size()};
    if (legs.size() > max_transaction_legs)
        return {errc::too_many_legs, legs.size()};
    for (std::size_t i = 1; i != legs.size(); ++i)
        for (std::size_t other = 0; other != i; ++other)
            if (legs[i].account == legs[other].account) [[unlikely]]
                return {errc::same_account, i};
    __extension__ using wide = __int128;
    wide sum = 0;
    for (std::size_t i = 0; i != legs.size(); ++i) {
        if (legs[i].amount == money{}) [[unlikely]]
            return {errc::invalid_amount, i};
        sum += legs[i].amount.minor();
    }
    return {sum == 0 ? errc::ok : errc::unbalanced, legs.size()};
}

/// Checks the legs, of which the first can have a condition, against what their accounts were found
/// to be.
[[nodiscard]] inline leg_refusal check_accounts(
    std::span<const leg> legs, if_sequence first_leg,
    const std::array<account_reading, max_transaction_legs>& found) noexcept {
    const auto first_with = [&](auto is_refused) noexcept {
        std::size_t i = 0;
        while (i != legs.size() && !is_refused(i))
            ++i;
        return i;
    };
    std::size_t i =
        first_with([&](std::size_t n) noexcept { return found[n].state.sequence == 0; });
    if (i != legs.size())
        return {errc::no_such_account, i};
    if (!first_leg.allows(found[0].state.sequence))
        return {errc::sequence_mismatch, 0};
    i = first_with([&](std::size_t n) noexcept { return found[n].state.is_closed(); });
    if (i != legs.size())
        return {errc::account_closed, i};
    errc error = errc::ok;
    i = first_with([&](std::size_t n) noexcept {
        error = check_funds(found[n], legs[n].amount);
        return error != errc::ok;
    });
    if (i != legs.size())
        return {error, i};
    i = first_with(
        [&](std::size_t n) noexcept { return found[n].state.sequence == account::max_sequence; });
    return {i != legs.size() ? errc::sequence_exhausted : errc::ok, i};
}

/// The legs' indexes in the order of the account numbers.
[[nodiscard]] inline std::array<std::uint8_t, max_transaction_legs> in_account_order(
    std::span<const leg> legs) noexcept {
    std::array<std::uint8_t, max_transaction_legs> order{};
    // By counting the lower ones, without branches, which could not be predicted.
    for (std::size_t i = 0; i != legs.size(); ++i) {
        std::size_t place = planted == bug::leg_order ? i : 0;
        if (planted != bug::leg_order)
            for (const leg& other : legs)
                place += other.account < legs[i].account ? 1U : 0U;
        order[place] = static_cast<std::uint8_t>(i);
    }
    return order;
}

}  // namespace detail

// One outcome in memory, and no copies of it: it is large.
inline transaction_outcome ledger::transact(std::span<const leg> legs) noexcept {
    const std::size_t count = std::min(legs.size(), max_transaction_legs);
    transaction_outcome done{errc::ok, count, count};
    if (!transact_at_once(legs, done)) [[unlikely]]
        transact_in_steps(legs, {}, done);
    return done;
}

// As in post and transfer: the common case in few instructions, all others in steps.
inline bool ledger::transact_at_once(std::span<const leg> legs,
                                     transaction_outcome& done) noexcept {
    if (const auto refusal = detail::check_form(legs); refusal.error != errc::ok) [[unlikely]] {
        done.error = refusal.error;
        done.culprit = std::min(refusal.culprit, done.count);
        for (std::size_t i = 0; i != done.count; ++i)
            done.postings[i].account = legs[i].account;
        return true;
    }
    const std::size_t count = legs.size();
    for (const leg& one : legs)
        accounts_.prefetch(one.account);
    const auto order = detail::in_account_order(legs);
    const std::uint16_t record = transactions_.claim();  // while the accounts are being fetched
    detail::transaction_plan plan;
    plan.leg_count = count;
    plan.protected_count = 0;
    for (std::size_t place = 0; place != count; ++place) {
        const leg& one = legs[order[place]];
        account* const at = accounts_.find(one.account).account;
        if (at == nullptr) [[unlikely]] {
            transactions_.release(record);
            return false;
        }
        plan.legs[place] =
            detail::leg_of(at, at->glimpse(), static_cast<std::uint64_t>(one.amount.minor()));
    }
    COFFER_TEST_STEP();
    if (!is_ordinary(plan, epochs_.now())) [[unlikely]] {
        transactions_.release(record);
        return false;
    }
    if (!transactions_.carry_out(record, plan)) [[unlikely]] {
        detail::note_retry();
        return false;
    }
    for (std::size_t place = 0; place != count; ++place) {
        const std::size_t i = order[place];
        done.postings[i] =
            detail::posting_of(legs[i].account, {detail::unpack(plan.legs[place].posted), money{}});
    }
    return true;
}

/// Whether this is the common case: open accounts without holds, not reserved, in the current
/// epoch.
inline bool ledger::is_ordinary(const detail::transaction_plan& plan,
                                std::uint16_t epoch) noexcept {
    bool is_so = true;
    std::uint64_t signs = 0;  // as for a transfer
    for (std::size_t place = 0; place != plan.leg_count; ++place) {
        is_so &= detail::is_ordinary(plan.legs[place].expected.second, epoch);
        signs |= plan.legs[place].posted.first;
    }
    return is_so && static_cast<std::int64_t>(signs) >= 0;
}

/// Moves the accounts, as they were found, to the epoch that is the current one after that. Returns
/// false if one of them has changed, or if there is no such epoch.
inline bool ledger::in_one_epoch(std::span<const slot> at, account_reading* found) noexcept {
    for (std::size_t i = 0; i != at.size(); ++i)
        if (!in_current_epoch(at[i], found[i].state) ||
            found[i].state.epoch != found[0].state.epoch)
            return false;
    return true;
}

[[gnu::__noinline__, gnu::__cold__]] inline void ledger::transact_in_steps(
    std::span<const leg> legs, if_sequence first_leg, transaction_outcome& done) noexcept {
    const std::size_t count = legs.size();
    std::array<slot, max_transaction_legs> at;
    for (std::size_t i = 0; i != count; ++i) {
        at[i] = accounts_.find(legs[i].account);
        done.postings[i].account = legs[i].account;
        if (!at[i] && done.error == errc::ok) {
            done.error = errc::no_such_account;
            done.culprit = i;
        }
    }
    if (!done)
        return;
    const auto order = detail::in_account_order(legs);
    std::array<account_reading, max_transaction_legs> found;
    for (;;) {
        for (std::size_t i = 0; i != count; ++i)
            found[i] = settled_reading(at[i]);
        COFFER_TEST_STEP();
        const auto refusal = detail::check_accounts(legs, first_leg, found);
        if (refusal.error != errc::ok) {
            // All of one moment: the first had not changed when the last was read.
            bool is_unchanged = true;
            for (std::size_t i = 0; i != count && is_unchanged; ++i)
                is_unchanged = at[i].account->load() == found[i].state;
            if (!is_unchanged)
                continue;
            done.error = refusal.error;
            done.culprit = refusal.culprit;
            for (std::size_t i = 0; i != count; ++i)
                done.postings[i] = detail::posting_of(legs[i].account, found[i]);
            return;
        }
        if (!in_one_epoch({at.data(), count}, found.data()))
            continue;
        detail::transaction_plan plan;
        plan.leg_count = count;
        plan.protected_count = 0;
        for (std::size_t place = 0; place != count; ++place) {
            const std::size_t i = order[place];
            account_state& state = found[i].state;
            plan.legs[place] = detail::leg_of(at[i].account, detail::pack(state),
                                              static_cast<std::uint64_t>(legs[i].amount.minor()));
            state = detail::unpack(plan.legs[place].posted);
        }
        COFFER_TEST_STEP();
        if (!transactions_.carry_out(transactions_.claim(), plan)) {
            detail::note_retry();
            continue;
        }
        for (std::size_t i = 0; i != count; ++i)
            done.postings[i] = detail::posting_of(legs[i].account, found[i]);
        return;
    }
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
