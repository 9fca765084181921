// Puts what several lanes have into one order. Logic alone: no thread, no file, no clock.
//
// Guarantees     what is collected from one lane keeps its order, and so do an account's postings,
//                whichever lanes they come from. So every prefix of what is collected is a history
//                that may have been, and each lane's durable part is a prefix of that lane.
// Thread safety  for one thread at a time, but for anything_new; the producers go on meanwhile.
//
// A lane's next entry is collected if what it comes after is there: of a posting the account's
// posting before it, of a transfer both accounts', of a refusal and a marker the posting that they
// have seen. If not, the lane waits at this entry, and all that is behind it waits too: its worker
// could not be told of it anyway, since what is durable of a lane is a prefix.
//
// That never comes to a standstill. Operations on the ledger have one order that agrees with the
// order of each account and of each worker. Of all that is done and not collected, the first in
// that order has all that it comes after collected, and is the next of its lane, or will be as soon
// as its worker has ended what it began.
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
    /// `ledger` tells which sequences are durable and is told of those that become so. It and the
    /// lanes must outlive this.
    lane_merge(coffer::ledger& ledger, std::span<lane* const> lanes);

    /// Moves to `into` what the lanes have, as far as its order and the room allow: lanes take
    /// turns in it, so a lane for which there was no room comes first the next time. May be called
    /// again and again before publish. Returns false if an entry can never be in order, since its
    /// sequence has been in the journal before: complaint() says which.
    [[nodiscard]] bool collect(batch_builder& into);

    /// Whether a lane has more than the last collect has looked at. By sequentially consistent
    /// loads: for wake_signal and writer. For any thread.
    [[nodiscard]] bool anything_new() const noexcept;

    /// Whether anything was collected, be it markers alone, that is not published.
    [[nodiscard]] bool anything_collected() const noexcept;

    /// Whether an entry is waiting for one that is in no lane yet.
    [[nodiscard]] bool anything_waiting() const noexcept;

    /// Says, to the ledger and then to the lanes, that all that was collected is durable.
    void publish();

    [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }

private:
    struct source {
        lane* from = nullptr;
        lane_ticket collected = 0;
        lane_ticket fetched = 0;  // accounts up to here were prefetched
        // Published, when it was last looked at. Relaxed: written by whoever collects; who else
        // asks whether there is more does not mind an answer that is a moment old.
        std::atomic<lane_ticket> seen{0};
        lane_ticket published = 0;  // as durable
    };
    enum class verdict : std::uint8_t { next, early, late };
    struct moved {
        bool anything;
        bool lacked_room;
    };

    moved collect_from(source& one, batch_builder& into);
    void fetch_ahead(source& one) const noexcept;
    [[nodiscard]] verdict judge(const lane_entry& one) const noexcept;
    void note(const lane_entry& one);
    [[nodiscard]] std::uint64_t reached(account_number account) const noexcept;
    void complain(const lane_entry& one);

    ledger& ledger_;
    std::deque<source> sources_;
    std::size_t first_ = 0;  // whose turn it is first
    sequence_map placed_;    // what was collected and not published
    std::string complaint_;
};

}  // namespace coffer::journal
