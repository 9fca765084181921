#include "replication/log_reader.hpp"

#include <utility>

namespace coffer::replication {
namespace {

/// So many entries are read at once. Each may have a MiB.
constexpr std::int64_t entries_at_once = 8;

}  // namespace

log_reader::log_reader(key_value_store& store, log_keys keys, const ledger_id& ledger,
                       key_value_store::timeout within)
    : store_{store}, keys_{std::move(keys)}, ledger_{ledger}, within_{within} {}

void log_reader::contradict(std::uint64_t number, const std::string& why) const {
    throw log_contradiction{keys_.entry(number) + ": " + why};
}

// By a transaction that writes, so that what it returns is not old. The entries have no gaps: their
// count says which is the last. To ask for the last itself would have etcd read them all.
answer<log_reader::bounds> log_reader::find_bounds() {
    transaction asked;
    key_range first = keys_.entries(0);
    first.limit = 1;
    first.keys_only = true;
    asked.success = {operation::read(std::move(first)),
                     operation::remove({.key = keys_.nothing()})};
    const auto found = store_.transact(asked, within_);
    if (!found)
        return {{}, found.error, found.reason};
    const operation_result& entries = found.value.results.at(0);
    if (entries.found.empty())
        contradict(0, "the store has no entry of this log: it was emptied, or is another one");
    const auto number = keys_.entry_number(entries.found[0].key);
    if (!number)
        throw log_contradiction{entries.found[0].key + ": it is the key of no entry"};
    return {{*number, *number + static_cast<std::uint64_t>(entries.count) - 1}};
}

log_entry log_reader::decode(const key_value& one) const {
    auto found = decode_entry(one.value);
    if (!found.value)
        throw log_contradiction{one.key + ": " + found.why};
    if (keys_.entry(found.value->number) != one.key)
        throw log_contradiction{one.key + ": the entry in it has another number"};
    if (found.value->ledger != ledger_)
        throw log_contradiction{one.key + ": the entry in it is of another ledger"};
    return *found.value;
}

answer<log_reader::place> log_reader::place_of(std::uint64_t number) {
    auto found = store_.read({.key = keys_.entry(number)}, within_);
    if (!found)
        return {{}, found.error, std::move(found.reason)};
    if (found.value.found.empty())
        return {{}, store_error::unavailable, "a member of the store is behind"};
    return {after(decode(found.value.found[0]))};
}

store_error log_reader::find(const journal::batch_position& end) {
    const auto all = find_bounds();
    if (!all)
        return no_answer(all);
    auto [first, last] = all.value;
    auto known = place_of(first);
    if (!known)
        return no_answer(known);
    place found = known.value;
    if (found.after.next_record > end.next_record)
        throw behind_the_tail{"the log in the store begins after record " +
                              std::to_string(found.after.next_record - 1) +
                              ", and the journal here ends with record " +
                              std::to_string(end.next_record - 1)};
    // The last whose position is not after `end`: `found` is one, that of `last + 1` is none.
    while (first < last) {
        const std::uint64_t middle = first + (last - first + 1) / 2;
        known = place_of(middle);
        if (!known)
            return no_answer(known);
        if (known.value.after.next_record <= end.next_record) {
            first = middle;
            found = known.value;
        } else {
            last = middle - 1;
        }
    }
    if (found.after != end)
        contradict(found.number,
                   "record " + std::to_string(end.next_record - 1) +
                       (first == all.value.last && found.after.next_record < end.next_record
                            ? " is in the journal here, and not in the log"
                            : " is another one in the log than in the journal here"));
    now_ = found;
    return store_error::none;
}

void log_reader::require_follows(const log_entry& one) const {
    if (one.number != now_.number + 1)
        contradict(one.number, "the entry before it is missing");
    if (one.term < now_.term)
        contradict(one.number, "it is of term " + std::to_string(one.term) +
                                   ", and the entry before it of term " +
                                   std::to_string(now_.term));
    if (one.total_bytes != now_.total_bytes + bytes_of(one))
        contradict(one.number, "it does not count the log's bytes as the entry before it");
    if (!has_batch(one.kind)) {
        if (one.after != now_.after || one.is_opening != now_.is_opening)
            contradict(one.number, "it does not follow the entry before it");
        return;
    }
    const auto [batch, error] = journal::check_batch(one.batch);
    if (error != journal::batch_error::none)
        contradict(one.number, journal::describe(error));
    if (const auto follows = journal::check_follows(batch.header, now_.after);
        follows != journal::batch_error::none)
        contradict(one.number, journal::describe(follows));
    if (batch.after() != one.after || batch.bytes.size() != one.batch.size() ||
        one.is_opening != (one.kind == entry_kind::opening))
        contradict(one.number, "it is not what its batch makes it");
    if (const auto refused = journal::check_records(batch); !refused.reason.empty())
        contradict(one.number, refused.reason);
}

answer<std::vector<log_entry>> log_reader::next() {
    key_range asked = keys_.entries(now_.number + 1);
    asked.limit = entries_at_once;
    auto found = store_.read(asked, within_);
    if (!found)
        return {{}, found.error, std::move(found.reason)};
    revision_ = found.value.revision;
    read_ = std::move(found.value.found);
    answer<std::vector<log_entry>> entries;
    for (const key_value& each : read_) {
        const log_entry one = decode(each);
        if (entries.value.empty() && one.number > now_.number + 1)
            throw behind_the_tail{"the log in the store begins with entry " +
                                  std::to_string(one.number) + ", and this node is at entry " +
                                  std::to_string(now_.number)};
        require_follows(one);
        now_ = after(one);
        entries.value.push_back(one);
    }
    return entries;
}

}  // namespace coffer::replication
