// What a teller does with holds.
#include <algorithm>
#include <array>

#include "engine/done_once.hpp"
#include "engine/engine.hpp"
#include "engine/teller.hpp"

namespace coffer {
namespace {

using journal::hold_operation;
using journal::record;
using once::refusal;
using once::word;

/// A capture or release may have to make the hold's expiry first, which is a record of its own.
constexpr std::size_t records_to_end_a_hold = 2;

record refusal_of(const hold_outcome& refused) noexcept {
    const bool is_about_payee = refused.culprit != 0 && refused.culprit == refused.payee.account;
    const posting& decided_by = is_about_payee ? refused.payee : refused.posting;
    if (refused.error == errc::hold_ended)
        return record::of_hold_ended(refused.hold.status, decided_by, {});
    return refusal(refused.error, decided_by);
}

posting last_of(const hold_outcome& refused) noexcept {
    return refused.posting;
}

money released_by(const hold& ended) noexcept {
    return money::from_minor(ended.amount.minor() - ended.captured.minor());
}

}  // namespace

std::int64_t teller::record_time_ns() noexcept {
    return static_cast<std::int64_t>(engine_.clock().record_ns());
}

hold_result teller::place_hold(account_number account, money amount,
                               std::optional<std::chrono::nanoseconds> expires_in,
                               std::string_view key, const sequence_condition& condition) noexcept {
    const std::int64_t life_ns = expires_in.value_or(std::chrono::nanoseconds{0}).count();
    const std::array<std::uint64_t, 5> words{word(request_kind::hold), account, word(amount),
                                             expires_in ? 1U : 0U,
                                             static_cast<std::uint64_t>(life_ns)};
    return perform<hold_result>({key, account, words, once::hold_record_bytes}, [&] {
        std::int64_t expires_at_ns = 0;
        // Not before the year 2262 does this overflow, and then the hold lasts until then.
        if (expires_in && __builtin_add_overflow(record_time_ns(), life_ns, &expires_at_ns))
            expires_at_ns = INT64_MAX;
        const hold_outcome made = condition.apply(
            [&](if_sequence only) {
                return engine_.ledger().place_hold(account, amount, expires_at_ns, only);
            },
            last_of);
        if (!made)
            return refusal_of(made);
        ++postings_;
        if (expires_in)
            engine_.expiries().note(made.hold.id.slot, expires_at_ns);
        return record::of_hold(hold_operation::placing, made, amount);
    });
}

hold_result teller::capture_hold(account_number account, hold_id id, const capture_request& asked,
                                 std::string_view key,
                                 const sequence_condition& condition) noexcept {
    const std::array<std::uint64_t, 7> words{word(request_kind::capture),
                                             account,
                                             id.sequence,
                                             id.slot,
                                             word(asked.amount.value_or(money{})),
                                             asked.is_final ? 1U : 0U,
                                             asked.payee};
    return perform<hold_result>({key, account, words, once::hold_record_bytes + once::state_bytes,
                                 records_to_end_a_hold, asked.payee != 0},
                                [&] {
                                    expire_if_due(account, id);
                                    return capture(account, id, asked, condition);
                                });
}

record teller::capture(account_number account, hold_id id, capture_request asked,
                       const sequence_condition& condition) noexcept {
    const bool takes_all = !asked.amount;
    for (;;) {
        // The record states how much it was.
        const money left =
            takes_all ? engine_.ledger().find_hold(account, id).hold.remaining : money{};
        if (left != money{})  // else it is refused
            asked.amount = left;
        const hold_outcome made = condition.apply(
            [&](if_sequence only) { return engine_.ledger().capture(account, id, asked, only); },
            last_of);
        if (made) {
            postings_ += asked.payee == 0 ? 1 : 2;
            note_ended(made);
            return record::of_hold(hold_operation::capture, made, *asked.amount);
        }
        // Another thread has captured a part meanwhile.
        if (takes_all && made.error == errc::hold_exceeded)
            continue;
        return refusal_of(made);
    }
}

hold_result teller::release_hold(account_number account, hold_id id, std::string_view key,
                                 const sequence_condition& condition) noexcept {
    const std::array<std::uint64_t, 4> words{word(request_kind::release), account, id.sequence,
                                             id.slot};
    return perform<hold_result>(
        {key, account, words, once::hold_record_bytes, records_to_end_a_hold}, [&] {
            expire_if_due(account, id);
            const hold_outcome made = condition.apply(
                [&](if_sequence only) {
                    return engine_.ledger().release(account, id, hold_status::released, only);
                },
                last_of);
            if (!made)
                return refusal_of(made);
            ++postings_;
            note_ended(made);
            return record::of_hold(hold_operation::release, made, released_by(made.hold));
        });
}

service teller::expire_hold(account_number account, hold_id id) noexcept {
    if (!engine_.takes_postings())
        return service::not_open;
    if (const service refused = reserve(1); refused != service::done)
        return refused;
    expire_if_due(account, id);
    return service::done;
}

void teller::expire_if_due(account_number account, hold_id id) noexcept {
    const hold_outcome found = engine_.ledger().find_hold(account, id);
    if (!found || found.hold.status != hold_status::held || found.hold.expires_at_ns == 0 ||
        found.hold.expires_at_ns > record_time_ns())
        return;
    const hold_outcome made = engine_.ledger().release(account, id, hold_status::expired);
    if (!made)
        return;  // another thread has ended it meanwhile
    ++postings_;
    note_ended(made);
    engine_.count_expired();
    results_.count(posting_tally::expiry, errc::ok);
    put_on_record(record::of_hold(hold_operation::expiry, made, released_by(made.hold)));
}

void teller::note_ended(const hold_outcome& made) noexcept {
    if (made.hold.status != hold_status::held)
        engine_.ended().add({made.posting.account, made.hold.id, made.posting.sequence},
                            engine_.clock().running_ns());
}

}  // namespace coffer
