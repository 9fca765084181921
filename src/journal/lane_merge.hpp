// Merges the records of several lanes into one order, that of the journal. Logic alone: no thread,
// no file, no clock.
//
// Guarantees     The records of a lane keep their order, and so do an account's postings from
//                different lanes. So every prefix of the merged records is a possible history, and
//                the durable part of each lane is a prefix of that lane.
// Invariants     1. An entry is collected once everything that it follows is collected: a posting
//                   follows the account's posting before it, a record of several postings all of
//                   those before them, a refusal and a marker the posting that they have seen.
//                2. Per lane, reported <= collected <= seen.
// Thread safety  For one thread at a time, but for anything_new; the producers go on meanwhile.
//
// If an entry cannot be collected yet, its lane waits there, and so does all that is behind it in
// this lane: it could not be acknowledged anyway, since the durable part of a lane is a prefix.
//
// Lanes never wait for each other forever. Operations on the ledger have one order that agrees with
// the order of each account and of each worker. Of all operations not collected, take the first in
// that order: everything that it follows is collected, and it is the next entry of its lane, or
// will be as soon as its worker has ended its turn.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include <coffer/ledger.hpp>

#include "journal/batch.hpp"
#include "journal/lane.hpp"
#include "journal/sequence_map.hpp"

namespace coffer::journal {

class lane_merge {
public:
    /// `ledger` knows which sequences are durable, and report_durable notes in it those that become
    /// durable. It and the lanes must outlive this.
    lane_merge(coffer::ledger& ledger, std::span<lane* const> lanes);

    /// Moves entries of the lanes to `into`, as far as their order and the room allow. Lanes take
    /// turns: one that found no room comes first the next time. May be called again before
    /// report_durable. Returns false if an entry can never follow, because its sequence is in the
    /// journal already: complaint() names it.
    [[nodiscard]] bool collect(batch_builder& into);

    /// Whether a lane has more than the last collect has seen. By sequentially consistent loads, as
    /// wake_signal requires. For any thread.
    [[nodiscard]] bool anything_new() const noexcept;

    /// Whether anything was collected, if only markers, that is not reported as durable.
    [[nodiscard]] bool anything_collected() const noexcept;

    /// Whether an entry is waiting for one that is in no lane yet.
    [[nodiscard]] bool anything_waiting() const noexcept;

    /// Reports all that was collected as durable: to the ledger, and then to the lanes.
    /// `first_record` is the number of the first record that was collected.
    void report_durable(std::uint64_t first_record);

    [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }

private:
    struct source {
        lane* from = nullptr;
        lane_ticket collected = 0;
        lane_ticket fetched = 0;  // accounts up to here were prefetched
        // What the last collect has seen as published. Relaxed: written by the collecting thread;
        // for other threads an old value is good enough.
        std::atomic<lane_ticket> seen{0};
        lane_ticket reported = 0;          // as durable
        std::vector<std::uint32_t> keyed;  // of the records collected, those with keys, from 0 on
    };
    enum class verdict : std::uint8_t { next, early, late };
    struct moved {
        bool anything;
        bool lacked_room;
    };

    moved collect_from(source& one, batch_builder& into);
    void fetch_ahead(source& one) const noexcept;
    [[nodiscard]] verdict judge(const entry_keys& keys) const noexcept;
    void note(const entry_keys& keys);
    [[nodiscard]] std::uint64_t reached(account_number account) const noexcept;
    void complain(const entry_keys& keys);

    ledger& ledger_;
    std::deque<source> sources_;
    std::size_t first_ = 0;  // the lane that comes first
    sequence_map placed_;    // what was collected and not reported
    std::string complaint_;
};

}  // namespace coffer::journal
