// Writes a snapshot: all accounts of a ledger, as JSON, into a directory of snapshots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include <coffer/ledger.hpp>

#include "snapshot/journal_marks.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer::snapshot {

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
