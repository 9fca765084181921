// The paths in a data directory, for programs that only read it.
#pragma once

#include <filesystem>
#include <stdexcept>

namespace coffer::audit {

/// Why a directory cannot be audited, exported or copied: one line that names it.
class data_error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Has paths only: opens, locks and makes nothing. Thread safety: none.
struct data_files {
    /// Returns the paths of a data directory. Throws data_error if it does not exist, has no
    /// journal, or is an unfinished copy or an increment.
    [[nodiscard]] static data_files in(const std::filesystem::path& directory);
    /// As `in`, but an increment is accepted too.
    [[nodiscard]] static data_files in_copy(const std::filesystem::path& directory);

    /// Throws data_error if `destination` is within the journal or the snapshots: a copy there
    /// would go with them.
    void require_outside(const std::filesystem::path& destination) const;

    std::filesystem::path directory;
    std::filesystem::path journal;
    std::filesystem::path snapshots;  ///< may not exist
};

}  // namespace coffer::audit
