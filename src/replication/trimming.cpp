#include "replication/trimming.hpp"

#include <algorithm>
#include <utility>

#include "replication/log_entry.hpp"

namespace coffer::replication {
namespace {

// Of one transaction: the store does it at once, and nothing else meanwhile.
constexpr std::uint64_t most_removed_at_once = 1000;

template <class Value>
answer<Value> failed(store_error error, std::string reason) {
    return {.value = {}, .error = error, .reason = std::move(reason)};
}

}  // namespace

answer<trimming::mark> trimming::read_mark(const key_range& where) {
    const auto read = store_.read(where, within_);
    if (!read)
        return failed<mark>(read.error, read.reason);
    if (read.value.found.empty())
        return failed<mark>(store_error::refused, "the entry " + where.key + " is gone");
    const key_value& one = read.value.found.front();
    const decoded_entry entry = decode_entry(one.value);
    if (!entry.value || keys_.entry_number(one.key) != entry.value->number)
        return failed<mark>(store_error::refused, one.key + ": " + entry.why);
    return {.value = {entry.value->number, entry.value->total_bytes}};
}

answer<std::uint64_t> trimming::measure(const log_reader::place& last) {
    if (!first_) {
        key_range all = keys_.entries(0);
        all.limit = 1;
        const auto found = read_mark(all);
        if (!found)
            return failed<std::uint64_t>(found.error, found.reason);
        first_ = found.value;
    }
    const std::uint64_t tail = last.total_bytes - std::min(last.total_bytes, first_->total_bytes);
    tail_bytes_.store(tail, std::memory_order_relaxed);
    return {.value = tail};
}

answer<std::uint64_t> trimming::remove(const log_reader::place& last, std::uint64_t until,
                                       std::uint64_t keep_bytes) {
    const auto tail = measure(last);
    if (!tail)
        return tail;
    const std::uint64_t limit = until < last.number ? until + 1 : last.number;
    if (tail.value <= keep_bytes || limit <= first_->number)
        return {.value = 0};
    const auto cut = find_cut(last, limit, keep_bytes);
    if (!cut)
        return failed<std::uint64_t>(cut.error, cut.reason);
    const auto removed = remove_before(cut.value.number);
    first_.reset();
    if (removed) {
        first_ = cut.value;
        static_cast<void>(measure(last));
    }
    return removed;
}

/// The last entry up to `limit` that has `keep_bytes` behind it. The first has.
answer<trimming::mark> trimming::find_cut(const log_reader::place& last, std::uint64_t limit,
                                          std::uint64_t keep_bytes) {
    mark has = *first_;
    std::uint64_t end = limit + 1;  // it has not, or is beyond the limit
    for (std::uint64_t look = limit; end - has.number > 1;
         look = has.number + (end - has.number) / 2) {
        const auto found = read_mark({keys_.entry(look)});
        if (!found)
            return found;
        if (found.value.total_bytes + keep_bytes <= last.total_bytes)
            has = found.value;
        else
            end = look;
    }
    return {.value = has};
}

answer<std::uint64_t> trimming::remove_before(std::uint64_t cut) {
    std::uint64_t removed = 0;
    for (std::uint64_t from = first_->number; from < cut;) {
        const std::uint64_t to = std::min(from + most_removed_at_once, cut);
        const transaction asked{
            .compare = {{keys_.leader(), comparison::subject::create_revision,
                         comparison::relation::equal, static_cast<std::int64_t>(term_)},
                        {keys_.entry(cut), comparison::subject::create_revision,
                         comparison::relation::greater, 0}},
            .success = {operation::remove(keys_.entries(from, to))},
            .failure = {}};
        const auto done = store_.transact(asked, within_);
        if (!done)
            return failed<std::uint64_t>(done.error, done.reason);
        if (!done.value.succeeded)
            return failed<std::uint64_t>(store_error::refused, "the term is over");
        removed += to - from;
        removed_.fetch_add(to - from, std::memory_order_relaxed);
        from = to;
    }
    return {.value = removed};
}

}  // namespace coffer::replication
