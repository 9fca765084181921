// Backs up a data directory, and audits the copy before it gets its name.
//
// A copy is made under another name and renamed when it is complete, synced and audited: see
// partial_directory.hpp. The destination need not exist; if it does, it is an empty directory,
// which keeps its mode and owner. If a copy fails or is interrupted, what was copied is removed. If
// it is killed, that stays, and the next copy refuses or replaces it.
//
// Thread safety  any thread at once, with different destinations.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "audit/partial_directory.hpp"
#include "audit/patient_reader.hpp"
#include "audit/report.hpp"

namespace coffer::audit {

struct finished_copy {
    report audited;                     ///< the audit of the copy
    std::vector<std::string> left_out;  ///< damaged snapshots, each with its fault
};

/// Copies what is durable in `directory` now; a server may be running on it. Copies the undamaged
/// snapshots first and then the journal, which covers them. Throws data_error, journal_error,
/// std::runtime_error, stopping::stopped.
[[nodiscard]] finished_copy back_up(
    const std::filesystem::path& directory, const std::filesystem::path& destination,
    leftover found = leftover::refuse,
    const patient_reader::pause& wait = patient_reader::five_milliseconds);

/// Gives the copy its name, if its audit has found no fault; else throws data_error, or as
/// partial_directory::finish does.
[[nodiscard]] finished_copy finish(finished_copy made, partial_directory& to);

}  // namespace coffer::audit
