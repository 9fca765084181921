// Notices when another program removes or renames the files of a journal that is being appended to.
//
// A file that is open still takes writes after it, or its directory, was removed or renamed, and a
// later start does not find them. So the log checks here, after each sync and at intervals, that
// the name of its segment still leads to the file that it has open.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <span>
#include <string>

#include "journal/storage.hpp"

namespace coffer::journal {

/// Thread safety: all members are for any thread. No lock is held during a call of the file system,
/// so a call that hangs does not block other threads.
class segment_watch {
public:
    /// `where` must outlive this.
    explicit segment_watch(const storage& where) : storage_{where} {}

    /// Sets which segments there are, by their first records.
    void expect(std::span<const std::uint64_t> segments);

    /// Notes that batches are appended to this segment from now on. Returns an error text if its
    /// name does not lead to `file`; empty if it does.
    [[nodiscard]] std::string enter(std::uint64_t first_record, const storage_file& file);

    /// Notes that the log itself is about to remove this segment.
    void forget(std::uint64_t first_record);

    /// Checks that the segment that is appended to is in its place. Returns the reason, for people,
    /// if it is not; empty if it is, or if that cannot be found out. A reason found once remains.
    [[nodiscard]] std::string check_current();

    /// The same for all segments: they are listed when their directory has changed.
    [[nodiscard]] std::string check_all();

private:
    /// The file that is appended to, as it was when it was opened.
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

    // A directory's time may have a resolution of two seconds: a change within that does not show.
    static constexpr int looks_after_change = 12;
};

}  // namespace coffer::journal
