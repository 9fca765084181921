// The data directory: what one server has on the disk, and no other.
#pragma once

#include <filesystem>
#include <string>

#include "ops/file_descriptor.hpp"

namespace coffer {

class data_directory {
public:
    /// Creates the directory unless it is there, its parents too, so that no crash takes them back,
    /// and locks it until destroyed: a second server would write the same files. Throws
    /// std::runtime_error, naming the directory, if that cannot be, if another server has it, or
    /// if it is the part of a copy that did not come to its end, or has one in it or beside it and
    /// no journal.
    ///
    /// Where flock does not work, a lock of fcntl on DIR/lock, which stays behind, is taken in its
    /// place, and the log says so. Where neither works it throws.
    explicit data_directory(const std::filesystem::path& where);

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path snapshots() const { return path_ / "snapshots"; }
    [[nodiscard]] std::filesystem::path journal() const { return path_ / "journal"; }
    /// A journal that is being begun: see first_start.hpp.
    [[nodiscard]] std::filesystem::path new_journal() const { return path_ / "journal.new"; }

private:
    void lock_file(const std::string& why_not_the_directory);

    std::filesystem::path path_;
    file_descriptor lock_;
};

}  // namespace coffer
