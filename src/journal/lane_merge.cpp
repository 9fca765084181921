#include "journal/lane_merge.hpp"

#include <algorithm>
#include <utility>

#include "ops/assertion.hpp"

namespace coffer::journal {
namespace {

// Enough to hide cache misses, few enough to stay in the cache.
constexpr std::size_t ahead_entries = 32;

}  // namespace

lane_merge::lane_merge(coffer::ledger& ledger, std::span<lane* const> lanes) : ledger_{ledger} {
    for (lane* const one : lanes)
        sources_.emplace_back().from = one;
}

bool lane_merge::collect(batch_builder& into) {
    for (source& one : sources_)
        one.seen.store(one.from->published(), std::memory_order_relaxed);
    std::size_t next_first = first_;
    bool is_full = false;
    for (bool goes_on = true; goes_on && complaint_.empty();) {
        goes_on = false;
        for (std::size_t i = 0; i != sources_.size(); ++i) {
            const std::size_t index = (first_ + i) % sources_.size();
            const auto [anything, lacked_room] = collect_from(sources_[index], into);
            goes_on = goes_on || anything;
            if (lacked_room && !std::exchange(is_full, true))
                next_first = anything ? index + 1 : index;
        }
    }
    first_ = next_first;
    for (source& one : sources_)
        one.from->consume(one.collected);
    return complaint_.empty();
}

lane_merge::moved lane_merge::collect_from(source& one, batch_builder& into) {
    const lane_ticket begin = one.collected;
    const lane_ticket end = one.seen.load(std::memory_order_relaxed);
    while (one.collected != end) {
        if (one.collected >= one.fetched)
            fetch_ahead(one);
        const lane_entry entry = one.from->entry_at(one.collected);
        if (entry.what != lane_entry::kind::filler) {
            const entry_keys keys{entry};
            const verdict found = judge(keys);
            if (found == verdict::late)
                complain(keys);
            if (found != verdict::next)
                break;
            if (!into.has_room(entry.bytes.size()))
                return {one.collected != begin, true};
            if (entry.what == lane_entry::kind::record) {
                note(keys);
                if (entry.bytes[format::record::key_bytes_at] != std::byte{0})
                    one.keyed.push_back(into.records());
                into.add(entry.bytes);
            }
        }
        one.collected += entry.bytes.size();
    }
    return {one.collected != begin, false};
}

void lane_merge::fetch_ahead(source& one) const noexcept {
    lane_ticket at = one.collected;
    const lane_ticket end = one.seen.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i != ahead_entries && at != end; ++i) {
        const lane_entry entry = one.from->entry_at(at);
        if (entry.what != lane_entry::kind::filler) {
            const entry_keys keys{entry};
            for (std::size_t key = 0; key != keys.size(); ++key)
                ledger_.prefetch(keys[key].account);
        }
        at += entry.bytes.size();
    }
    one.fetched = at;
}

std::uint64_t lane_merge::reached(account_number account) const noexcept {
    const std::uint64_t placed = placed_.find(account);
    return placed != 0 ? placed : ledger_.durable_sequence(account);
}

lane_merge::verdict lane_merge::judge(const entry_keys& keys) const noexcept {
    if (!keys.are_made())
        return keys[0].sequence <= reached(keys[0].account) ? verdict::next : verdict::early;
    verdict found = verdict::next;
    for (std::size_t i = 0; i != keys.size(); ++i) {
        const std::uint64_t before = reached(keys[i].account);
        if (keys[i].sequence <= before)
            return verdict::late;
        if (keys[i].sequence != before + 1)
            found = verdict::early;
    }
    return found;
}

void lane_merge::note(const entry_keys& keys) {
    if (!keys.are_made())
        return;
    for (std::size_t i = 0; i != keys.size(); ++i)
        placed_.set(keys[i].account, keys[i].sequence);
}

void lane_merge::complain(const entry_keys& keys) {
    std::size_t late = 0;
    while (keys[late].sequence > reached(keys[late].account))
        ++late;
    const entry_key first = keys[late];
    complaint_ = "posting " + std::to_string(first.sequence) + " of account " +
                 std::to_string(first.account) + " came to the journal twice";
}

bool lane_merge::anything_new() const noexcept {
    return std::ranges::any_of(sources_, [](const source& one) {
        return one.from->published() != one.seen.load(std::memory_order_relaxed);
    });
}

bool lane_merge::anything_collected() const noexcept {
    return std::ranges::any_of(sources_,
                               [](const source& one) { return one.collected != one.reported; });
}

bool lane_merge::anything_waiting() const noexcept {
    return std::ranges::any_of(sources_, [](const source& one) {
        return one.collected != one.seen.load(std::memory_order_relaxed);
    });
}

void lane_merge::report_durable(std::uint64_t first_record) {
    // The ledger first: a worker that finds its ticket durable may look there next.
    const auto durable = placed_.entries();
    for (std::size_t i = 0; i != durable.size(); ++i) {
        if (i + ahead_entries < durable.size())
            ledger_.prefetch(durable[i + ahead_entries].account);
        ledger_.note_durable(durable[i].account, durable[i].sequence);
    }
    placed_.clear();
    for (source& one : sources_) {
        if (one.reported == one.collected)
            continue;
        invariant(one.reported < one.collected, "a lane's durable part is not collected");
        one.reported = one.collected;
        for (const std::uint32_t index : one.keyed)
            one.from->note_number(first_record + index);
        one.keyed.clear();
        one.from->report_durable(one.reported);
    }
}

}  // namespace coffer::journal
