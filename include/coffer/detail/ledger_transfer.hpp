// Implements ledger::transfer, which ledger.hpp declares and documents.
#pragma once

#include <cstdint>

#include <coffer/ledger.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

inline errc ledger::check(account_state from, account_state to, money amount) const noexcept {
    if (from.sequence == 0 || to.sequence == 0)
        return errc::no_such_account;
    if (const errc error = detail::subtract(from.balance, amount); error != errc::ok)
        return error;
    if (const errc error = detail::add(to.balance, amount); error != errc::ok)
        return error;
    const bool exhausted =
        from.sequence == account::max_sequence || to.sequence == account::max_sequence;
    return exhausted ? errc::sequence_exhausted : errc::ok;
}

/// Moves the account to the epoch that is the current one after its state was loaded. Returns false
/// if the state has changed.
inline bool ledger::in_current_epoch(slot at, account_state& state) noexcept {
    const std::uint16_t epoch = epochs_.now();
    if (state.epoch != epoch)
        detail::move_group(at, epochs_);
    return detail::move_to_epoch(at, state, epoch);
}

// As in post: the common case in few instructions, all others in steps. Which of the two accounts
// is the lower cannot be predicted, so no branch depends on it.
inline ledger::transfer_outcome ledger::transfer(account_number from, account_number to,
                                                 money amount) noexcept {
    if (amount <= money{}) [[unlikely]]
        return {errc::invalid_amount, {from, 0, {}}, {to, 0, {}}};
    if (from == to) [[unlikely]]
        return {errc::same_account, {from, 0, {}}, {to, 0, {}}};
    const account_number low = from < to ? from : to;
    const account_number high = from < to ? to : from;
    accounts_.prefetch(low);
    accounts_.prefetch(high);
    const std::uint16_t record = transfers_.claim();  // while the accounts are being fetched
    account* const first = accounts_.find(low).account;
    account* const second = accounts_.find(high).account;
    if (first == nullptr || second == nullptr) [[unlikely]] {
        transfers_.release(record);
        return {errc::no_such_account, {from, 0, {}}, {to, 0, {}}};
    }
    const auto minor = static_cast<std::uint64_t>(amount.minor());
    const std::uint64_t payer_first = from < to ? 1 : 0;
    const std::uint64_t gain = (minor ^ (0 - payer_first)) + payer_first;  // negative if it is 1
    const detail::transfer_record::legs legs{{first, first->glimpse(), gain},
                                             {second, second->glimpse(), 0 - gain}};
    COFFER_TEST_STEP();
    if (!is_ordinary(legs, epochs_.now())) [[unlikely]] {
        transfers_.release(record);
        return transfer_in_steps(from, to, amount);
    }
    if (!transfers_.carry_out(record, legs)) [[unlikely]]
        return transfer_in_steps(from, to, amount);
    return posted(from, to, legs);
}

/// Whether this transfer is the common case: open accounts, not reserved, in the current epoch.
inline bool ledger::is_ordinary(const detail::transfer_record::legs& legs,
                                std::uint16_t epoch) noexcept {
    // Of a balance and an amount that are not negative, a difference is negative if it is below
    // zero, and a sum if it is too large.
    const std::uint64_t signs = legs.first.posted().first | legs.second.posted().first;
    return detail::is_ordinary(legs.first.expected.second, epoch) &&
           detail::is_ordinary(legs.second.expected.second, epoch) &&
           static_cast<std::int64_t>(signs) >= 0;
}

/// The postings of a transfer that was carried out.
inline ledger::transfer_outcome ledger::posted(account_number from, account_number to,
                                               const detail::transfer_record::legs& legs) noexcept {
    transfer_outcome done{errc::ok, {}, {}};
    posting* const of_first = from < to ? &done.from : &done.to;
    posting* const of_second = from < to ? &done.to : &done.from;
    *of_first = detail::posting_of(from < to ? from : to, detail::unpack(legs.first.posted()));
    *of_second = detail::posting_of(from < to ? to : from, detail::unpack(legs.second.posted()));
    return done;
}

[[gnu::__noinline__, gnu::__cold__]] inline ledger::transfer_outcome ledger::transfer_in_steps(
    account_number from, account_number to, money amount) noexcept {
    const slot payer_at = accounts_.find(from);
    const slot payee_at = accounts_.find(to);
    for (;;) {
        account_state payer = settled(payer_at);
        account_state payee = settled(payee_at);
        if (const errc error = check(payer, payee, amount); error != errc::ok) {
            // Both of one moment: the payer had not changed when the payee was loaded.
            if (payer_at.account->load() != payer)
                continue;
            return {error, detail::posting_of(from, payer), detail::posting_of(to, payee)};
        }
        if (!in_current_epoch(payer_at, payer) || !in_current_epoch(payee_at, payee) ||
            payer.epoch != payee.epoch)
            continue;
        const auto minor = static_cast<std::uint64_t>(amount.minor());
        const detail::transfer_leg out{payer_at.account, detail::pack(payer), 0 - minor};
        const detail::transfer_leg in{payee_at.account, detail::pack(payee), minor};
        const detail::transfer_record::legs legs{from < to ? out : in, from < to ? in : out};
        COFFER_TEST_STEP();
        if (transfers_.carry_out(transfers_.claim(), legs))
            return posted(from, to, legs);
    }
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
