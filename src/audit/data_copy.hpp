// Backup and restore: copies of a data directory that are proven before they have their name.
//
// A copy is made under another name, and gets its own when it is whole, on the disk, and audited:
// see partial_directory.hpp. DEST need not be there; if it is, it is an empty directory, which
// keeps its mode and owner. When a copy fails or is interrupted, its part is removed; when it is
// killed, it stays, and the next one says so, or replaces it.
//
// Thread safety  both may be called from any thread at once, for different DESTs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "audit/partial_directory.hpp"
#include "audit/patient_reader.hpp"
#include "audit/report.hpp"

namespace coffer::audit {

struct finished_copy {
    report audited;                     ///< of what was written
    std::vector<std::string> left_out;  ///< snapshots that are damaged, each with what is wrong
};

/// Copies what is durable in `directory` now, though a server may be running on it: the snapshots
/// that hold, and then the journal, which has all that they have and more. Throws data_error,
/// journal_error, snapshot_error, stopping::stopped.
[[nodiscard]] finished_copy back_up(
    const std::filesystem::path& directory, const std::filesystem::path& destination,
    leftover found = leftover::refuse,
    const patient_reader::pause& wait = patient_reader::five_milliseconds);

/// Copies a backup, or any directory that holds and that no server is running on, to where a server
/// is to go on with it. Throws as back_up does, and data_error if it does not hold, or is written
/// to meanwhile.
[[nodiscard]] finished_copy restore(
    const std::filesystem::path& backup, const std::filesystem::path& destination,
    leftover found = leftover::refuse,
    const patient_reader::pause& wait = patient_reader::five_milliseconds);

}  // namespace coffer::audit
