// Implements ledger::transfer, which ledger.hpp declares and documents.
#pragma once

#include <array>
#include <cstdint>

#include <coffer/ledger.hpp>
#include <coffer/retries.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

// As in post: the common case in few instructions, all others in steps. Which of the two accounts
// is the lower cannot be predicted, so no branch depends on it.
inline ledger::transfer_outcome ledger::transfer(account_number from, account_number to,
                                                 money amount) noexcept {
    if (from == to) [[unlikely]]
        return {errc::same_account, {from, 0, {}}, {to, 0, {}}, to};
    if (amount <= money{}) [[unlikely]]
        return {errc::invalid_amount, {from, 0, {}}, {to, 0, {}}, from};
    const account_number low = from < to ? from : to;
    const account_number high = from < to ? to : from;
    accounts_.prefetch(low);
    accounts_.prefetch(high);
    const std::uint16_t record = transactions_.claim();  // while the accounts are being fetched
    account* const first = accounts_.find(low).account;
    account* const second = accounts_.find(high).account;
    if (first == nullptr || second == nullptr) [[unlikely]] {
        transactions_.release(record);
        return transfer_in_steps(from, to, amount, {});
    }
    const auto minor = static_cast<std::uint64_t>(amount.minor());
    const std::uint64_t payer_first = from < to ? 1 : 0;
    const std::uint64_t gain = (minor ^ (0 - payer_first)) + payer_first;  // negative if it is 1
    const detail::transfer_legs legs{{first, first->glimpse(), gain},
                                     {second, second->glimpse(), 0 - gain}};
    COFFER_TEST_STEP();
    if (!is_ordinary(legs, epochs_.now())) [[unlikely]] {
        transactions_.release(record);
        return transfer_in_steps(from, to, amount, {});
    }
    if (!transactions_.carry_out(record, legs)) [[unlikely]] {
        detail::note_retry();
        return transfer_in_steps(from, to, amount, {});
    }
    return posted(from, to, legs);
}

// In steps from the beginning, so that the unconditional ones need not ask for a condition.
inline ledger::transfer_outcome ledger::transfer(account_number from, account_number to,
                                                 money amount, if_sequence condition) noexcept {
    if (condition.is_any() || from == to || amount <= money{})
        return transfer(from, to, amount);
    return transfer_in_steps(from, to, amount, condition);
}

/// Whether this transfer is the common case: open accounts without holds, not reserved, in the
/// current epoch.
inline bool ledger::is_ordinary(const detail::transfer_legs& legs, std::uint16_t epoch) noexcept {
    // Of a balance and an amount that are not negative, a difference is negative if it is below
    // zero, and a sum if it is too large.
    const std::uint64_t signs = legs.first.posted().first | legs.second.posted().first;
    return detail::is_ordinary(legs.first.expected.second, epoch) &&
           detail::is_ordinary(legs.second.expected.second, epoch) &&
           static_cast<std::int64_t>(signs) >= 0;
}

/// The postings of an ordinary transfer that was carried out.
inline ledger::transfer_outcome ledger::posted(account_number from, account_number to,
                                               const detail::transfer_legs& legs) noexcept {
    const auto left_by = [](account_number number, const detail::transfer_leg& one) noexcept {
        const detail::double_word after = one.posted();
        return posting{number, after.second >> detail::sequence_shift,
                       money::from_minor(static_cast<std::int64_t>(after.first)), money{}};
    };
    transfer_outcome done{errc::ok, {}, {}};
    (from < to ? done.from : done.to) = left_by(from < to ? from : to, legs.first);
    (from < to ? done.to : done.from) = left_by(from < to ? to : from, legs.second);
    return done;
}

[[gnu::__noinline__, gnu::__cold__]] inline ledger::transfer_outcome ledger::transfer_in_steps(
    account_number from, account_number to, money amount, if_sequence payer) noexcept {
    const std::array<leg, 2> legs{leg{from, money::from_minor(-amount.minor())}, leg{to, amount}};
    transaction_outcome done{errc::ok, legs.size(), legs.size()};
    transact_in_steps(legs, payer, done);
    return {done.error, done.postings[0], done.postings[1],
            done.error == errc::ok ? 0 : legs[done.culprit].account};
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
