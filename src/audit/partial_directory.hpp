// A directory for a copy of a data directory, which gets its name only when the copy is complete.
//
// If DEST does not exist, the copy is made as DEST.partial, beside it, and renamed at the end. If
// DEST is an empty directory, it keeps its mode, owner and inode: the copy is made as
// DEST/.partial, and its content is moved up at the end, the journal last. So DEST/journal exists
// only if the copy is complete.
//
// A file marks the directory as unfinished: a ledger has none. It is removed after the rename. If
// the copy is killed just before that, the directory with the final name is still marked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <system_error>

#include "audit/data_files.hpp"
#include "ops/file_descriptor.hpp"

namespace coffer::audit {

/// How to treat what a killed copy has left.
enum class leftover : std::uint8_t { refuse, replace };

/// Removes its directory if it is not finished. Thread safety: none.
class partial_directory {
public:
    /// Makes the directory. Throws data_error if `destination` exists and is not an empty
    /// directory, if a killed copy has left something and that is to be refused, or if another copy
    /// to the same place is running.
    partial_directory(const std::filesystem::path& destination, leftover found);
    partial_directory(const partial_directory&) = delete;
    partial_directory& operator=(const partial_directory&) = delete;
    ~partial_directory();

    /// Where the copy is until it is finished.
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] const std::filesystem::path& destination() const noexcept { return destination_; }

    /// What is in it; data_files::in refuses it until it is finished.
    [[nodiscard]] data_files files() const {
        return {path_, path_ / "journal", path_ / "snapshots"};
    }

    /// Removes the content, as far as possible.
    void empty() const noexcept;

    /// Gives the directory its final name. Returns once that survives a crash. Throws data_error,
    /// std::runtime_error, stopping::stopped.
    void finish();

private:
    void require_place(leftover found);
    void clear_leftover(const std::filesystem::path& part, leftover found) const;
    void move_up();
    [[nodiscard]] std::error_code remove_moved() const noexcept;

    std::filesystem::path destination_;
    std::filesystem::path path_;
    bool is_inside_ = false;       // the destination existed
    bool has_moved_some_ = false;  // into the destination
    bool finished_ = false;
    file_descriptor lock_;  // another copy sees that this one is running
};

}  // namespace coffer::audit
