// One round of the journal: collect records from the lanes, append them as a batch, wait until it
// is durable, report it as durable. It has no thread of its own.
//
// Guarantees     Nothing is reported as durable before it is. A batch is made of whole records, in
//                the order that lane_merge.hpp describes.
// Invariants     1. A batch whose outcome is unknown stays as it is until that is known: nothing
//                   is added to it, and no other batch is appended. So it is with markers while
//                   the log is confirmed for them.
//                2. durable_record() has risen before a lane reports a ticket of that record as
//                   durable.
//                3. After a failure nothing more is appended or reported.
// Thread safety  For one thread, but for the members that say otherwise.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include <coffer/ledger.hpp>

#include "journal/appender.hpp"
#include "journal/batch.hpp"
#include "journal/batch_log.hpp"
#include "journal/lane.hpp"
#include "journal/lane_merge.hpp"
#include "ops/tally.hpp"

namespace coffer::journal {

/// What was made durable so far.
struct commit_counts {
    std::uint64_t batches = 0;
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
};

class committer {
public:
    using clock = std::function<batch_stamp()>;  ///< the times of a batch that is written now

    /// `ledger`, `log` and the lanes must outlive this. With `confirms_markers` the log is
    /// confirmed (batch_log::confirm) before markers alone are reported, so that no ticket is
    /// durable before a write that began after it was appended. Throws std::bad_alloc.
    committer(coffer::ledger& ledger, batch_log& log, std::span<lane* const> lanes, clock now,
              bool confirms_markers = false);

    enum class progress : std::uint8_t {
        idle,       ///< there was nothing to do
        collected,  ///< there is something to commit
        committed,  ///< and it is durable now
        no_room,    ///< the log has no room: commit may be called again later
        unknown,    ///< the log's answer is lost: commit is to be called again
        failed,     ///< final: failure() says why, and nothing more may be done
    };

    /// Collects what the lanes have. May be called again, for more, until commit.
    [[nodiscard]] progress collect();

    /// Appends what was collected, waits until it is durable, and reports it as durable.
    [[nodiscard]] progress commit();

    /// Both.
    [[nodiscard]] progress step();

    /// Appends a batch of no records, which marks an orderly end, and waits for it. For after
    /// everything is committed.
    [[nodiscard]] progress close();

    [[nodiscard]] bool anything_new() const noexcept { return merge_.anything_new(); }
    [[nodiscard]] bool anything_waiting() const noexcept { return merge_.anything_waiting(); }
    [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

    /// The number of the last record that is durable. For any thread.
    [[nodiscard]] std::uint64_t durable_record() const noexcept {
        // Acquire: pairs with the release in report_durable.
        return durable_record_.load(std::memory_order_acquire);
    }
    /// For any thread.
    [[nodiscard]] commit_counts counts() const noexcept;
    /// How long batches took from their append until they were durable. For any thread.
    [[nodiscard]] const latency_tally& sync_times() const noexcept { return sync_times_; }
    /// How many records the batches had. For any thread.
    [[nodiscard]] const group_tally& group_sizes() const noexcept { return group_sizes_; }

    /// The clock that measures how long the disk takes. It is not the clock of the records.
    using running_clock = std::chrono::steady_clock;
    /// Since when the oldest record that was collected and is not durable has been waiting; the
    /// clock's epoch if there is none. For any thread.
    [[nodiscard]] running_clock::time_point pending_since() const noexcept {
        // Relaxed: a moment, which orders nothing.
        return running_clock::time_point{
            running_clock::duration{pending_since_.load(std::memory_order_relaxed)}};
    }

private:
    void begin_pending() noexcept;
    void end_pending() noexcept { pending_since_.store(0, std::memory_order_relaxed); }
    [[nodiscard]] progress append();
    [[nodiscard]] progress report_markers();
    [[nodiscard]] progress report_durable(const batch_view& durable);
    [[nodiscard]] progress fail(std::string why);

    batch_log& log_;
    appender appender_;
    lane_merge merge_;
    batch_builder batch_;
    std::optional<batch_view> in_doubt_;  // the sealed batch, while its outcome is unknown
    clock now_;
    const bool confirms_markers_;
    bool is_confirming_ = false;  // the outcome of a confirmation is unknown
    std::string failure_;
    std::atomic<std::uint64_t> durable_record_;
    std::atomic<running_clock::rep> pending_since_{0};
    // Counts that order nothing: relaxed.
    std::atomic<std::uint64_t> batches_{0};
    std::atomic<std::uint64_t> records_{0};
    std::atomic<std::uint64_t> bytes_{0};
    latency_tally sync_times_;
    group_tally group_sizes_;
};

}  // namespace coffer::journal
