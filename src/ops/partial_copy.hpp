// Finds directories that look like a ledger and are none: an unfinished copy of a data directory,
// and an increment of a backup.
#pragma once

#include <filesystem>

namespace coffer {

/// The unfinished copy inside a destination that existed before: DIR/.partial. While that exists
/// and DIR/journal does not, the copy is unfinished.
inline constexpr const char* partial_copy_name = ".partial";

/// A file that marks every unfinished copy from beginning to end. A directory that has it is not a
/// ledger, whatever else is in it.
inline constexpr const char* partial_copy_marker = "copy.partial";

/// Returns where a copy to a new `directory` is made: DIR.partial, as an absolute path.
[[nodiscard]] std::filesystem::path partial_copy_beside(const std::filesystem::path& directory);

/// Returns the unfinished copy because of which `directory` is neither a ledger nor a place for a
/// new one. Empty if there is none. Thread safety: any thread.
[[nodiscard]] std::filesystem::path unfinished_copy(const std::filesystem::path& directory);

/// A file in the journal of an increment, which has only what came after a backup: see FORMAT.md.
inline constexpr const char* increment_name = "increment";

/// Whether the directory is an increment. Thread safety: any thread.
[[nodiscard]] bool is_increment(const std::filesystem::path& directory);

}  // namespace coffer
