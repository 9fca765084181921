// Takes snapshots of a ledger in the background.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <coffer/ledger.hpp>

#include "ops/tally.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_order.hpp"
#include "snapshot/snapshot_writer.hpp"

namespace coffer::snapshot {

/// Takes them in a thread of its own, which does not block postings. A failed snapshot is logged
/// and counted; the next attempt is the next one that is due. No snapshot is taken while the newest
/// one exists and covers every record of the journal. After a snapshot that took longer than the
/// period there is a pause as long as the snapshot.
///
/// Thread safety: taken, failed, age, times and take_now may be called from any thread at once, the
/// rest from one.
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

    /// Takes no last snapshot when it stops: to be called before that.
    void abandon() noexcept {
        // Relaxed: the mutex of request_stop orders it.
        is_abandoned_.store(true, std::memory_order_relaxed);
    }

    /// Has a snapshot taken at once, also if the newest covers everything. False if one is being
    /// taken, or if stopping has begun: then the order is not ended. Does not wait.
    [[nodiscard]] bool take_now(std::shared_ptr<snapshot_order> order);

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

    using clock = std::chrono::steady_clock;

    /// How old the newest snapshot is; nothing if there is none.
    [[nodiscard]] std::optional<clock::duration> age() const noexcept;
    /// How long snapshots took.
    [[nodiscard]] const latency_tally& times() const noexcept { return times_; }
    /// How long the last one took; zero before the first.
    [[nodiscard]] clock::duration last_took() const noexcept {
        return clock::duration{last_took_.value()};
    }

private:
    void request_stop() noexcept;
    void note_newest() noexcept;
    void note_taken(const written_snapshot& written, clock::duration took);
    [[nodiscard]] std::shared_ptr<snapshot_order> begin_attempt() noexcept;
    void end_attempt(const std::shared_ptr<snapshot_order>& order) noexcept;
    void run() noexcept;
    /// Waits until the next snapshot is due. Returns false if it is the last one.
    [[nodiscard]] bool wait() noexcept;
    void attempt() noexcept;
    [[nodiscard]] bool is_covered() const;
    void write(snapshot_order* order);
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
    std::atomic<bool> is_abandoned_{false};
    std::atomic<std::uint64_t> returned_calls_{0};  // file system calls of the thread
    std::atomic<clock::rep> taken_at_{0};           // 0: there is none
    latency_tally times_;
    gauge last_took_;
    std::mutex mutex_;
    std::condition_variable changed_;
    // Under the mutex:
    bool stopping_ = false;
    bool is_done_ = false;                   // the last snapshot is taken, or has failed
    bool is_busy_ = false;                   // one is being taken
    std::shared_ptr<snapshot_order> order_;  // for the next one
    std::thread thread_;                     // the last member: it uses the others from its start
};

}  // namespace coffer::snapshot
