// This node's own journal as a copy of the log: what the log has accepted is written to it at once,
// and synced by a thread of its own, while the log takes the next batch.
//
// Guarantees     The copy never has a batch that the log does not have. At most one batch is not
//                synced when the next is written, so a crash leaves what it leaves of any journal.
//                A disk that does not answer in time is noticed whichever call hangs: a sync by the
//                next write, which fails; a call that writes, by the thread beside it.
// Thread safety  write is for one thread, make_room for another; the others are for any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "journal/batch_log.hpp"

namespace coffer::replication {

class local_copy {
public:
    /// `into` must outlive it; only this appends to it. A sync or a write may take as long as
    /// `disk_timeout`. Where a write takes longer, `on_hang` is called once, by another thread: the
    /// caller of write cannot go on, so it should end the process. Without `in_background`, write
    /// syncs, and that is not noticed. Throws std::system_error.
    local_copy(journal::batch_log& into, std::chrono::milliseconds disk_timeout,
               bool in_background = true, std::function<void()> on_hang = {});
    /// Waits for the disk.
    ~local_copy();
    local_copy(const local_copy&) = delete;
    local_copy& operator=(const local_copy&) = delete;

    /// Writes a batch that the log has accepted. Waits until the one before is synced, and fails
    /// where the disk does not answer within its time-out. An error is final: the node cannot go on
    /// with this disk; no_room is not, call it again.
    [[nodiscard]] journal::log_status write(const journal::batch_view& one);
    /// Makes room in the files. That may take long, as it fills a file: it hangs if it takes longer
    /// than twelve times `disk_timeout` while there is room for fewer than `least_bytes`.
    [[nodiscard]] journal::log_status make_room(std::size_t least_bytes);

    /// Every record up to this one is synced.
    [[nodiscard]] std::uint64_t synced_record() const noexcept;
    /// Waits until this record is synced. False if it is not by `deadline`, or the disk has failed.
    [[nodiscard]] bool wait_synced(std::uint64_t record,
                                   std::chrono::steady_clock::time_point deadline);

private:
    using clock = std::chrono::steady_clock;
    void run() noexcept;
    [[nodiscard]] bool hangs() const noexcept;
    void wait_for_work(std::unique_lock<std::mutex>& lock) noexcept;
    [[nodiscard]] journal::log_status append(const journal::batch_view& one);

    journal::batch_log& into_;
    const std::chrono::milliseconds disk_timeout_;
    const std::function<void()> on_hang_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    bool is_pending_ = false;       // under the mutex: written and not synced
    bool is_stopping_ = false;      // under the mutex
    journal::log_status status_{};  // under the mutex: what is final, if it is not ok
    std::optional<clock::time_point> writing_since_;      // under the mutex
    std::optional<clock::time_point> making_room_since_;  // under the mutex
    std::size_t least_bytes_ = 0;                         // under the mutex: see make_room
    std::uint64_t written_record_ = 0;                    // under the mutex
    std::uint64_t synced_record_ = 0;                     // under the mutex
    std::thread thread_;                                  // the last member: it uses the others
};

}  // namespace coffer::replication
