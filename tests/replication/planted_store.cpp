#include "replication/planted_store.hpp"

#include <algorithm>

#include "replication/log_entry.hpp"

namespace coffer::test {

using namespace replication;
using namespace std::chrono_literals;

namespace {

/// The entry that a transaction appends, if it does.
replication::operation* appended(const log_keys& keys, transaction& asked) {
    if (asked.success.size() != 1 || asked.success[0].what != replication::operation::kind::put ||
        !keys.entry_number(asked.success[0].range.key))
        return nullptr;
    return &asked.success[0];
}

}  // namespace

void planted_store::leave_out(transaction& asked) const {
    const log_keys& keys = cluster_.keys;
    if (has(planted::no_comparison_of_the_leader))
        std::erase_if(asked.compare, [&keys](const comparison& one) {
            return one.key == keys.leader() && one.value != 0;
        });
    const replication::operation* const put = appended(keys, asked);
    if (put == nullptr)
        return;
    const std::string place = put->range.key;
    if (has(planted::no_comparison_of_the_place))
        std::erase_if(asked.compare, [&place](const comparison& one) { return one.key == place; });
    if (has(planted::no_comparison_of_the_entry_before))
        std::erase_if(asked.compare, [&place, &keys](const comparison& one) {
            return one.key != place && one.key != keys.leader();
        });
}

void planted_store::copy_ahead(const transaction& asked) {
    transaction copy = asked;
    const replication::operation* const put = appended(cluster_.keys, copy);
    const decoded_entry entry = put == nullptr ? decoded_entry{} : decode_entry(put->value);
    if (!entry.value || !has_batch(entry.value->kind))
        return;
    const journal::batch_view one = journal::check_batch(entry.value->batch).value;
    if (files_.append(one))
        static_cast<void>(files_.wait_durable());
}

answer<transaction_result> planted_store::retry_blindly(transaction asked, timeout within) {
    replication::operation* const put = appended(cluster_.keys, asked);
    const std::string before = put->value;  // which the entry views
    decoded_entry entry = decode_entry(before);
    if (!has_batch(entry.value->kind))
        return {{}, store_error::unknown, "no answer"};
    log_entry& again = *entry.value;
    ++again.number;
    ++again.nonce;
    const std::string value = encode(again);
    const std::string old_place = put->range.key;
    *put = replication::operation::put(cluster_.keys.entry(again.number), value);
    asked.compare[1].key = put->range.key;
    asked.compare[2].key = old_place;
    return real_.transact(asked, within);
}

answer<transaction_result> planted_store::transact(const transaction& wanted, timeout within) {
    transaction asked = wanted;
    leave_out(asked);
    const bool is_append = appended(cluster_.keys, asked) != nullptr;
    if (is_append && has(planted::copy_ahead_of_the_log))
        copy_ahead(asked);
    auto found = real_.transact(asked, within);
    if (is_append && found.error == store_error::unknown) {
        if (has(planted::retry_at_the_next_place))
            return retry_blindly(asked, within);
        if (has(planted::acknowledges_without_an_answer))
            return {{true, 0, {}}};
    }
    if (found && found.value.succeeded && has(planted::lease_from_the_answer))
        rights_.answer_until(boottime_() + 1s);
    return found;
}

answer<granted_lease> planted_store::keep_alive(std::int64_t lease, timeout within) {
    auto found = real_.keep_alive(lease, within);
    if (found && has(planted::lease_from_keepalives))
        rights_.answer_until(boottime_() + 1s);
    return found;
}

}  // namespace coffer::test
