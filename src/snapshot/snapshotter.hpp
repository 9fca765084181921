// Takes snapshots in the background.
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

/// Has a thread of its own, which reads the ledger and holds up nobody who posts. A snapshot that
/// fails is logged and counted, and tried again when the next is due. None is taken while the
/// newest is there and has every record of the journal: a ledger that nobody posts to is not
/// written again and again. One that took longer than the period is followed by a pause as long as
/// itself.
///
/// Thread safety: taken and failed may be called from any thread at once. The rest is for one.
class snapshotter {
public:
    struct options {
        std::chrono::milliseconds every;  ///< from one to the next; 0: only the last one, on stop
        std::size_t keep;                 ///< how many stay, at least one
        /// Every record up to this one is in the newest snapshot there is; nothing: in none.
        std::optional<std::uint64_t> covered_record{};
    };

    /// Starts. `ledger`, and what `marks` call, must outlive it. Throws std::system_error if there
    /// is no thread to be had.
    snapshotter(coffer::ledger& ledger, snapshot_directory directory, options chosen,
                journal_marks marks);
    ~snapshotter() { stop(); }
    snapshotter(const snapshotter&) = delete;
    snapshotter& operator=(const snapshotter&) = delete;

    /// Takes a last snapshot, unless the newest has everything, and returns when it is taken, or
    /// has failed. Does nothing when called again.
    void stop() noexcept;

    /// The same, but gives up and returns false once no call of the file system has returned to
    /// its thread for `patience`: the disk does not answer. A large snapshot may take longer.
    /// The thread goes on then: the process has to be ended with _Exit, or stop() called.
    [[nodiscard]] bool stop_unless_stuck(std::chrono::milliseconds patience) noexcept;

    /// Whether the newest snapshot has everything. For after stop().
    [[nodiscard]] bool last_was_taken() const noexcept { return failed_in_a_row_ == 0; }

    /// How many snapshots were taken.
    [[nodiscard]] std::uint64_t taken() const noexcept {
        return taken_.load(std::memory_order_relaxed);  // a count that orders nothing
    }
    /// How many failed.
    [[nodiscard]] std::uint64_t failed() const noexcept {
        return failed_.load(std::memory_order_relaxed);  // likewise
    }

private:
    using clock = std::chrono::steady_clock;

    void request_stop() noexcept;
    void run() noexcept;
    /// Waits until the next snapshot is due, or the last. False if it is the last.
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
    std::optional<std::filesystem::path> newest_;  // the one that covers it
    std::uint64_t failed_in_a_row_ = 0;
    std::atomic<std::uint64_t> taken_{0};
    std::atomic<std::uint64_t> failed_{0};
    std::atomic<std::uint64_t> returned_calls_{0};  // of the file system, to the thread
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;  // under the mutex, as the next
    bool is_done_ = false;   // the last snapshot is taken, or has failed
    std::thread thread_;     // the last member: it uses the others from its start
};

}  // namespace coffer::snapshot
