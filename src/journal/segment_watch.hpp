// Notices that the files of a journal are taken away from under the log that appends to them.
//
// A file that is open goes on to take writes after it was removed or renamed, or its directory was,
// and a later start does not find what was written. So the log asks here, after each sync and every
// now and then, whether the name of its segment still leads to the file that it has open.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <span>
#include <string>

#include "journal/storage.hpp"

namespace coffer::journal {

/// Thread safety: all members may be called from any thread at once. No lock is held during a call
/// of the file system, so one that hangs holds up nobody else.
class segment_watch {
public:
    /// `where` must outlive this.
    explicit segment_watch(const storage& where) : storage_{where} {}

    /// Says which segments there are, by their first records.
    void expect(std::span<const std::uint64_t> segments);

    /// Says that batches are appended to this segment from now on. Returns why that cannot be: its
    /// name does not lead to `file`; empty if it does.
    [[nodiscard]] std::string enter(std::uint64_t first_record, const storage_file& file);

    /// Says that the log itself is about to remove this segment.
    void forget(std::uint64_t first_record);

    /// Whether the segment that is appended to is in its place: the reason, for people, if it is
    /// not; empty if it is, or if that cannot be found out. A reason that was found once remains.
    [[nodiscard]] std::string check_current();

    /// The same, and whether all other segments are there still: they are listed when their
    /// directory has changed.
    [[nodiscard]] std::string check_all();

private:
    /// Of the file that is appended to, as it was when it was opened.
    struct segment {
        std::uint64_t first_record = 0;
        file_identity identity;
    };

    [[nodiscard]] segment current() const;
    [[nodiscard]] std::string why_not_in_place(const segment& one) const;
    [[nodiscard]] std::string why_one_is_missing();
    std::string lost(std::string why);

    const storage& storage_;
    mutable std::mutex mutex_;
    segment current_;                   // under the mutex, like the rest
    std::set<std::uint64_t> expected_;  // all segments, by their first records
    std::string lost_;                  // why; empty if nothing is
    std::uint64_t changed_ns_ = 0;      // when their directory was changed, as it was last seen
    int looks_left_ = looks_after_change;

    // A directory's time may have a grain of two seconds: within that, a change may not show.
    static constexpr int looks_after_change = 12;
};

}  // namespace coffer::journal
