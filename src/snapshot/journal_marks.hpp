// What a snapshot says of the journal that it is a part of.
//
// A snapshot says from where on the journal has to be replayed on top of it, from where on it has
// to be read for the keys of requests, and up to where it has to go on. The first is read before
// the cut: what is durable by then is in it. The second goes by the first, and may be an earlier
// record. The third is what is durable once all that the cut has seen is: so no posting in the
// snapshot is of a later record, and the snapshot is only published when it says so.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "ops/ledger_id.hpp"

namespace coffer::snapshot {

/// Thread safety: all of it is called by the thread that takes snapshots, beside others' postings.
struct journal_marks {
    ledger_id ledger{};

    /// The number of the last record that is durable.
    std::function<std::uint64_t()> durable_record;

    /// From which record on the keys of requests may be that are remembered still: at least 1, and
    /// at most one more than `durable_record`, which was read just before. It holds for all that
    /// are remembered when this is called or later. May throw.
    std::function<std::uint64_t(std::uint64_t durable_record)> keys_from;

    /// Waits until all postings that the caller has seen are durable. Returns a number up to which
    /// all records are then, those of these postings among them. Nothing if the journal has failed:
    /// then there is no snapshot.
    std::function<std::optional<std::uint64_t>()> barrier;

    /// Called after each attempt at a snapshot, be it taken or not. May be empty. Must not throw.
    std::function<void()> on_attempt;

    /// UTC, in ns since 1970: when the snapshot says that it was taken. Empty: the system's clock.
    std::function<std::uint64_t()> time_ns{};
};

}  // namespace coffer::snapshot
