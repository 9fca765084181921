// What a data directory has in it, for those who only read it.
#pragma once

#include <filesystem>
#include <stdexcept>

namespace coffer::audit {

/// Why a directory cannot be audited, exported or copied at all: one line that names it.
class data_error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Paths alone: nothing is opened, locked or made. Thread safety: none.
struct data_files {
    /// Those of a data directory. Throws data_error if it is not there, has no journal,
    /// or is the part of a copy.
    [[nodiscard]] static data_files in(const std::filesystem::path& directory);

    std::filesystem::path directory;
    std::filesystem::path journal;
    std::filesystem::path snapshots;  ///< need not be there
};

}  // namespace coffer::audit
