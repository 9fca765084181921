// Copies the snapshots of a data directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace coffer::audit {

/// Copies the undamaged snapshots in `from` to `to`, a directory that this makes unless it exists,
/// without those that have postings after the record `until`. Returns the faults of the damaged
/// ones. The copies survive a crash. A server may take and remove snapshots meanwhile: one that is
/// removed before its turn is skipped. Throws snapshot::snapshot_error, data_error,
/// stopping::stopped. Thread safety: for different destinations, any thread.
[[nodiscard]] std::vector<std::string> copy_snapshots(
    const std::filesystem::path& from, const std::filesystem::path& to,
    std::uint64_t until = std::numeric_limits<std::uint64_t>::max());

}  // namespace coffer::audit
