// Writes one snapshot: all accounts of a ledger at one moment, into a file.
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

/// Connects a snapshot with the journal of its ledger: provides the record numbers that the
/// snapshot states (see snapshot_file.hpp).
///
/// after_record is read before the cut: a record that is durable by then was posted before the cut,
/// so the cut includes it. keys_from is read after that. until_record is what the barrier returns
/// after the cut: it covers every posting that the cut has seen.
///
/// Thread safety: all functions are called by the thread that takes snapshots, while other threads
/// post.
struct journal_marks {
    ledger_id ledger{};

    /// Returns the number of the last durable record.
    std::function<std::uint64_t()> durable_record;

    /// Returns a record so that no idempotency key that is remembered now or later has an earlier
    /// one: at least 1, at most `durable_record` + 1. `durable_record` was read just before. May
    /// throw.
    std::function<std::uint64_t(std::uint64_t durable_record)> keys_from;

    /// Waits until all postings that the caller has seen are durable. Returns the number of a
    /// record up to which all are durable, those of these postings included; nothing if the journal
    /// has failed: then no snapshot is published.
    std::function<std::optional<std::uint64_t>()> barrier;

    /// Called after each attempt at a snapshot, also a failed one. May be empty. Must not throw.
    std::function<void()> on_attempt;

    /// Returns the time that the snapshot states, UTC in ns since 1970. Empty: the system's clock.
    std::function<std::uint64_t()> time_ns{};

    /// Whether the snapshot is to be given up while its cut goes on: then the cut is ended soon, at
    /// the speed of memory, and nothing is published. Empty: never.
    std::function<bool()> must_give_way{};
};

struct written_snapshot {
    std::filesystem::path file;
    std::uint64_t number;
    std::size_t accounts;
    std::uint64_t after_record;  ///< every record up to this one is in the snapshot
};

/// Writes the next snapshot of `ledger`, then removes all but the newest `keep` snapshots. The
/// snapshot survives a crash once this returns. Other threads may post meanwhile: the accounts are
/// a consistent cut. Does not call the on_attempt of `marks`.
///
/// Throws std::runtime_error, mostly a snapshot_error, also if the journal has failed; then no
/// incomplete snapshot is left. A complete one may be there if syncing the directory or removing
/// old snapshots has failed.
written_snapshot write_snapshot(coffer::ledger& ledger, snapshot_directory& directory,
                                std::size_t keep, const journal_marks& marks);

}  // namespace coffer::snapshot
