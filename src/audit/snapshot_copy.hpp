// Copies the snapshots of a directory.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace coffer::audit {

/// Copies the snapshots in `from` that hold, by themselves, to `to`, a directory that this makes.
/// None of them is taken back by a crash when this returns. A server may take snapshots and remove
/// them meanwhile: one that is removed before its turn is passed over. Returns what is wrong with
/// those that do not hold. Throws snapshot_error; then a part of the copy is left.
[[nodiscard]] std::vector<std::string> copy_snapshots(const std::filesystem::path& from,
                                                      const std::filesystem::path& to);

}  // namespace coffer::audit
