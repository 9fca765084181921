// The part of a copy of a data directory: what there is of it before it is whole.
#pragma once

#include <filesystem>

namespace coffer {

/// The part of a copy into a directory that was prepared, in that directory. While it is there and
/// DIR/journal is not, the copy has not come to its end.
inline constexpr const char* partial_copy_name = ".partial";

/// A file that is in every part of a copy, from its first moment to its last. A directory that has
/// it is no ledger, whatever else is in it.
inline constexpr const char* partial_copy_marker = "copy.partial";

/// Where a copy to `directory` is made if that is not there: DIR.partial, as an absolute path.
[[nodiscard]] std::filesystem::path partial_copy_beside(const std::filesystem::path& directory);

/// What a copy that has not come to its end has left, and because of which `directory` is neither a
/// ledger nor a place for a new one. Empty if there is nothing. Thread safety: any thread.
[[nodiscard]] std::filesystem::path unfinished_copy(const std::filesystem::path& directory);

}  // namespace coffer
