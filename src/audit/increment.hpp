// Makes an increment of a backup: a copy of what came into the journal after it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "audit/partial_directory.hpp"
#include "audit/patient_reader.hpp"
#include "audit/report.hpp"

namespace coffer::audit {

/// Copies the batches that `directory` has after those of `backup`, which is a backup of it or an
/// increment of one; a server may be running on the directory. Reads the copy again and checks it
/// before it gets its name: see data_copy.hpp. The copy has no snapshots.
///
/// Throws data_error if `backup` is of another ledger or of another history of this one, if the
/// journal was trimmed beyond its end, or as partial_directory does; journal::journal_error,
/// std::runtime_error, stopping::stopped.
[[nodiscard]] increment_report back_up_since(
    const std::filesystem::path& backup, const std::filesystem::path& directory,
    const std::filesystem::path& destination, leftover found = leftover::refuse,
    const patient_reader::pause& wait = patient_reader::five_milliseconds);

}  // namespace coffer::audit
