// Writes a snapshot: all accounts of a ledger, as JSON, into a directory of snapshots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

#include <coffer/ledger.hpp>

#include "ops/ledger_id.hpp"
#include "snapshot/snapshot_directory.hpp"

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

struct written_snapshot {
    std::filesystem::path file;
    std::uint64_t number;
    std::size_t accounts;
    std::uint64_t after_record;  ///< every record up to this one is in it
};

/// Writes the next snapshot of `ledger` and then removes all but the newest `keep`, it among them.
/// When this returns, a crash does not take the snapshot back. Others may post meanwhile: the
/// accounts are as they all were at one moment, a consistent cut. `marks` are those of the ledger's
/// journal; their on_attempt is left to the caller.
///
/// Throws snapshot_error, with no part of a snapshot left behind, also where the journal has
/// failed. A whole one may be there all the same, if what failed is latest.json, the sync of the
/// directory, or a removal.
written_snapshot write_snapshot(coffer::ledger& ledger, snapshot_directory& directory,
                                std::size_t keep, const journal_marks& marks);

}  // namespace coffer::snapshot
