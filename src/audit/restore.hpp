// Makes a data directory from a backup and its increments, as it is now or was at a moment.
//
// It is audited before it gets its name: see data_copy.hpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <vector>

#include "audit/data_copy.hpp"
#include "audit/partial_directory.hpp"
#include "audit/patient_reader.hpp"

namespace coffer::audit {

/// A moment in a ledger's history, by a record or by record time: everything up to and with it.
struct moment {
    static constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t record = none;
    std::uint64_t time_ns = none;  ///< since 1970

    friend bool operator==(const moment&, const moment&) noexcept = default;
};

struct restore_source {
    std::filesystem::path backup;
    std::vector<std::filesystem::path> increments{};  ///< in the order in which they were made
    moment until{};                                   ///< by default all that there is
};

/// Copies a backup, or any data directory without faults that no server is running on, and what its
/// increments have after it, to where a server is to continue with it. An increment may begin with
/// batches that are there already, but must continue them.
///
/// Up to a moment: the last batch is cut after its last record up to there, and the snapshots that
/// have later postings are left out. A moment after the end restores all; a record after the end is
/// refused.
///
/// Throws as back_up does, and data_error if the backup has faults or is written to meanwhile, if
/// an increment is damaged, of another ledger or history, or does not follow what is given before
/// it, or if nothing can be restored as of that moment.
[[nodiscard]] finished_copy restore(
    const restore_source& from, const std::filesystem::path& destination,
    leftover found = leftover::refuse,
    const patient_reader::pause& wait = patient_reader::five_milliseconds);

}  // namespace coffer::audit
