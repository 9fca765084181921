// A copy of a data directory that has its name only when it is whole.
//
// If DEST is not there, the copy is made as DEST.partial, beside it, which is renamed at the end.
// If it is an empty directory, that keeps its mode, owner and inode: the copy is made as
// DEST/.partial, and what is in it is moved up at the end, the journal last. So DEST/journal is
// there only if all of the copy is.
//
// A file in the part marks it as one: a ledger has none. It is removed once the copy has its name.
// If the copy is killed just before that, what has the name is still a part.
#pragma once

#include <cstdint>
#include <filesystem>

#include "ops/file_descriptor.hpp"

namespace coffer::audit {

/// What is done with what a copy has left that was killed.
enum class leftover : std::uint8_t { refuse, replace };

/// Removed if it is never finished. Thread safety: none.
class partial_directory {
public:
    /// Makes it. Throws data_error if `destination` is there already and no empty directory; or if
    /// there is a part of a copy that did not come to its end: of one that was killed, if it is to
    /// be refused; and of one that is still being made, in any case.
    partial_directory(const std::filesystem::path& destination, leftover found);
    partial_directory(const partial_directory&) = delete;
    partial_directory& operator=(const partial_directory&) = delete;
    ~partial_directory();

    /// Where it is until it is finished.
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] const std::filesystem::path& destination() const noexcept { return destination_; }

    /// Removes all that is in it, as far as that can be.
    void empty() const noexcept;

    /// Gives it its name. Returns once a crash would not take it back. Throws data_error,
    /// snapshot_error, and stopping::stopped.
    void finish();

private:
    void require_place(leftover found);
    void clear_leftover(const std::filesystem::path& part, leftover found) const;
    void move_up();

    std::filesystem::path destination_;
    std::filesystem::path path_;
    bool is_inside_ = false;       // the destination was there
    bool has_moved_some_ = false;  // up into the destination
    bool finished_ = false;
    file_descriptor lock_;  // keeps others from taking it for a leftover
};

}  // namespace coffer::audit
