// Takes snapshots of a ledger in the background.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include <coffer/ledger.hpp>

#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_writer.hpp"

namespace coffer::snapshot {

/// Takes them in a thread of its own, which does not block postings. A failed snapshot is logged
/// and counted; the next attempt is the next one that is due. No snapshot is taken while the newest
/// one exists and covers every record of the journal. After a snapshot that took longer than the
/// period there is a pause as long as the snapshot.
///
/// Thread safety: taken and failed may be called from any thread at once, the rest from one.
class snapshotter {
public:
    struct options {
        std::chrono::milliseconds every;  ///< the period; 0: only a last snapshot, on stop
        std::size_t keep;                 ///< how many snapshots are kept, at least one
        /// Every record up to this one is in the newest snapshot; nothing if there is none.
        std::optional<std::uint64_t> covered_record{};
    };

    /// Starts the thread. `ledger`, and what `marks` call, must outlive it. Throws
    /// std::system_error if no thread can be started.
    snapshotter(coffer::ledger& ledger, snapshot_directory directory, options chosen,
                journal_marks marks);
    ~snapshotter() { stop(); }
    snapshotter(const snapshotter&) = delete;
    snapshotter& operator=(const snapshotter&) = delete;

    /// Takes a last snapshot, unless the newest covers everything, and returns when it was taken or
    /// has failed. A second call does nothing.
    void stop() noexcept;

    /// Stops as stop() does, but returns false once no file system call of the thread has returned
    /// for `patience`: the disk does not answer. A large snapshot may take longer than that. The
    /// thread continues then: end the process with _Exit, or call stop().
    [[nodiscard]] bool stop_unless_stuck(std::chrono::milliseconds patience) noexcept;

    /// Whether the newest snapshot covers everything. Call it after stop().
    [[nodiscard]] bool last_was_taken() const noexcept { return failed_in_a_row_ == 0; }

    /// The number of snapshots taken.
    [[nodiscard]] std::uint64_t taken() const noexcept {
        return taken_.load(std::memory_order_relaxed);  // a count that orders nothing
    }
    /// The number of failed snapshots.
    [[nodiscard]] std::uint64_t failed() const noexcept {
        return failed_.load(std::memory_order_relaxed);  // likewise
    }

private:
    using clock = std::chrono::steady_clock;

    void request_stop() noexcept;
    void run() noexcept;
    /// Waits until the next snapshot is due. Returns false if it is the last one.
    [[nodiscard]] bool wait() noexcept;
    void attempt() noexcept;
    [[nodiscard]] bool is_covered() const;
    void write();
    void set_due(clock::duration took) noexcept;
    void report_failure(const char* reason) noexcept;

    ledger& ledger_;
    snapshot_directory directory_;
    const options chosen_;
    const journal_marks marks_;
    clock::time_point due_;
    std::optional<std::uint64_t> covered_record_;
    std::optional<std::filesystem::path> newest_;  // the snapshot that covers it
    std::uint64_t failed_in_a_row_ = 0;
    std::atomic<std::uint64_t> taken_{0};
    std::atomic<std::uint64_t> failed_{0};
    std::atomic<std::uint64_t> returned_calls_{0};  // file system calls of the thread
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;  // under the mutex, as is_done_
    bool is_done_ = false;   // the last snapshot is taken, or has failed
    std::thread thread_;     // the last member: it uses the others from its start
};

}  // namespace coffer::snapshot
