// Directories that a crash does not take back.
#pragma once

#include <filesystem>

namespace coffer::snapshot {

/// Returns once the names in `directory` are what a crash would leave. Throws snapshot_error.
void sync_directory(const std::filesystem::path& directory);

/// Creates `directory` and its parents, as far as they are not there, and returns once a crash
/// would leave them. Throws snapshot_error.
void create_with_parents(const std::filesystem::path& directory);

}  // namespace coffer::snapshot
