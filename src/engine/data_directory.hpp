// The data directory of one server: locks it, and says where in it the journal and the snapshots
// are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "journal/log_store.hpp"
#include "ops/file_descriptor.hpp"

namespace coffer {

/// Throws std::runtime_error if `where` is an unfinished copy or an increment, or has no journal
/// and an unfinished copy in it or beside it: no server may start there.
void require_no_copy(const std::filesystem::path& where);

/// The store of the journal in that data directory, only to be read. Throws std::bad_alloc.
[[nodiscard]] std::unique_ptr<const journal::log_store> journal_store_to_read(
    const std::filesystem::path& where);

class data_directory {
public:
    /// Creates the directory unless it is there, and its parents, so that they survive a crash.
    /// Locks it until destroyed: a second server would write the same files. Throws
    /// std::runtime_error, naming the directory, if that fails, if another server has it locked, or
    /// if it is an unfinished copy, or has no journal and an unfinished copy in it or beside it.
    ///
    /// Where flock does not work, the file DIR/lock, which stays behind, is locked with fcntl
    /// instead, and that is logged. Throws where neither works.
    explicit data_directory(const std::filesystem::path& where);

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path snapshots() const { return path_ / "snapshots"; }
    [[nodiscard]] std::filesystem::path journal() const { return path_ / "journal"; }

    /// The store of the journal's log, in files of about this size: larger if `tellers` tellers
    /// need larger ones. Reads and changes nothing yet. Throws std::bad_alloc.
    [[nodiscard]] std::unique_ptr<journal::log_store> journal_store(std::uint64_t segment_bytes,
                                                                    std::size_t tellers) const;

private:
    void lock_file(const std::string& why_not_the_directory);

    std::filesystem::path path_;
    file_descriptor lock_;
};

}  // namespace coffer
