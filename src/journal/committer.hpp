// One turn of the journal: collect, append, wait until it is durable, publish. It has no thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include <coffer/ledger.hpp>

#include "journal/batch.hpp"
#include "journal/batch_log.hpp"
#include "journal/lane.hpp"
#include "journal/lane_merge.hpp"

namespace coffer::journal {

/// How far the journal has come, for whoever watches.
struct commit_counts {
    std::uint64_t batches = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
};

/// Thread safety: for one thread, but for the members that say otherwise.
class committer {
public:
    using clock = std::function<batch_stamp()>;  ///< the times of a batch that is written now

    /// All of them must outlive this.
    committer(coffer::ledger& ledger, batch_log& log, std::span<lane* const> lanes, clock now);

    enum class progress : std::uint8_t {
        idle,       ///< there was nothing to do
        collected,  ///< there is something to commit
        committed,  ///< and it is durable now
        no_room,    ///< the log has no room: try again later
        failed,     ///< for good: failure() says why. Nothing more may be done
    };

    /// Collects what the lanes have: may be called again for more, until commit.
    [[nodiscard]] progress collect();

    /// Appends what was collected, waits until it is durable, and publishes that.
    [[nodiscard]] progress commit();

    /// Both.
    [[nodiscard]] progress step();

    /// Appends a batch of no records and waits for it: the journal was left in order.
    [[nodiscard]] progress close();

    [[nodiscard]] bool anything_new() const noexcept { return merge_.anything_new(); }
    [[nodiscard]] bool anything_waiting() const noexcept { return merge_.anything_waiting(); }
    [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

    /// The number of the last record that is durable. For any thread.
    [[nodiscard]] std::uint64_t durable_record() const noexcept {
        // Acquire: pairs with the release in append.
        return durable_record_.load(std::memory_order_acquire);
    }
    /// For any thread.
    [[nodiscard]] commit_counts counts() const noexcept;

    /// The time that a disk that hangs is measured in. It is not that of the records.
    using running_clock = std::chrono::steady_clock;
    /// Since when the oldest of what was collected and is not durable has been on its way to the
    /// disk; the clock's epoch if there is none. For any thread.
    [[nodiscard]] running_clock::time_point pending_since() const noexcept {
        // Relaxed: a moment, which orders nothing.
        return running_clock::time_point{
            running_clock::duration{pending_since_.load(std::memory_order_relaxed)}};
    }

private:
    void begin_pending() noexcept;
    void end_pending() noexcept { pending_since_.store(0, std::memory_order_relaxed); }
    [[nodiscard]] progress append();
    [[nodiscard]] progress fail(std::string why);

    batch_log& log_;
    lane_merge merge_;
    batch_builder batch_;
    clock now_;
    std::string failure_;
    std::atomic<std::uint64_t> durable_record_;
    std::atomic<running_clock::rep> pending_since_{0};
    // Counts that order nothing: relaxed.
    std::atomic<std::uint64_t> batches_{0};
    std::atomic<std::uint64_t> records_{0};
    std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace coffer::journal
