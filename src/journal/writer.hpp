// The writer: the journal's thread, which makes durable what the workers put into their lanes.
// Group commit: records that arrive during a sync are written by the next one.
//
// Guarantees     Those of lane.hpp, lane_merge.hpp and appender.hpp. When all lanes are empty the
//                thread sleeps, and the next lane::end wakes it.
//                After a failure of the log nothing more is ever durable.
//                While the log has no room, and once it has not answered for
//                options::disk_timeout, lane_budget is 0, so that tellers refuse postings. What is
//                in the lanes becomes durable once the log goes on.
// Invariants     1. A lane takes postings only while the log has room for all that the lanes may
//                   hold, so what a lane holds can always be written.
//                2. hanging_since_ identifies the batch that hangs, by when it began to wait: once
//                   another batch waits, the log no longer counts as hanging.
// Thread safety  wake, lane_budget, accepting, check_progress, hangs, barrier, pending_for,
//                durable_record, counts and failed are for any thread, but the on_durable callbacks
//                must not call them. Each lane has one producer. The rest is for one thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <coffer/ledger.hpp>

#include "journal/batch_log.hpp"
#include "journal/committer.hpp"
#include "journal/lane.hpp"
#include "journal/log_keeper.hpp"
#include "journal/wake_signal.hpp"

namespace coffer::journal {

class writer {
public:
    /// The log must have room for this many times the bytes of all lanes: in the worst case every
    /// record gets a batch of its own.
    static constexpr std::size_t room_factor = 4;
    /// The same where a budget is smaller than the lanes: the journal thread may have collected up
    /// to twice the budget.
    static constexpr std::size_t small_room_factor = room_factor + 2;

    /// With less room than this in the log, this many lanes take no postings.
    [[nodiscard]] static constexpr std::size_t least_room_bytes(std::size_t lanes) noexcept {
        return small_room_factor * lanes * lane::min_bytes;
    }

    struct options {
        /// One for each lane; may be empty. Called by the journal thread when more of that lane is
        /// durable, once for a whole batch. Must not throw.
        std::vector<std::function<void()>> on_durable;
        /// Called once, by a thread of the writer, with the reason, when the log has failed and
        /// nothing more will be durable. The process should end. Must not throw.
        std::function<void(const std::string&)> on_failure;
        /// A record takes 40 bytes, with a key some 100. The segments of file_log have room for 31
        /// lanes of this size.
        std::size_t lane_bytes = std::size_t{512} << 10;
        /// How long it waits for more records after the first of a batch.
        std::chrono::microseconds commit_wait{0};
        /// How long until it tries again to make room where that failed.
        std::chrono::milliseconds retry_room{1000};
        /// How often it checks that the log is in its place.
        std::chrono::milliseconds check_place{200};
        /// How long a record may wait to become durable until the log counts as hanging.
        std::chrono::milliseconds disk_timeout{5000};
        committer::clock now = system_times;
        /// See committer.
        bool confirms_markers = false;
    };

    /// Throws std::invalid_argument if `log` keeps too little room for so many lanes of this size.
    static void require_room(const batch_log& log, std::size_t lanes, std::size_t lane_bytes);

    /// Starts. `ledger` and `log` must outlive it. Throws as require_room does, std::system_error
    /// if there is no thread to be had.
    writer(coffer::ledger& ledger, batch_log& log, options chosen);
    ~writer() { stop(); }
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;

    /// Wakes the journal thread if it sleeps. To be called after lane::end_quietly.
    void wake() noexcept { signal_.wake(); }

    /// The lane of this index: there is one for each of options::on_durable.
    [[nodiscard]] lane& lane_at(std::size_t index) noexcept { return *lanes_[index]; }
    [[nodiscard]] std::size_t lanes() const noexcept { return lanes_.size(); }

    /// How many bytes each lane may hold in all, by the room that the log has. 0: no posting may be
    /// made, because there is hardly any room, or the log hangs or has failed. What is in the lanes
    /// already is written in any case.
    [[nodiscard]] std::size_t lane_budget() const noexcept {
        // Relaxed: a caller that acts on an old value finds room all the same.
        if (failed_.load(std::memory_order_relaxed) || hangs())
            return 0;
        const std::size_t room = log_.room_bytes();
        return room >= room_bytes_ ? SIZE_MAX : budget_in(room);
    }
    [[nodiscard]] bool accepting() const noexcept { return lane_budget() != 0; }

    /// Finds out whether the log hangs, and logs it. To be called regularly.
    void check_progress() noexcept;

    /// Whether the last check_progress found that the log hangs: a record has been waiting for
    /// options::disk_timeout, and still is.
    [[nodiscard]] bool hangs() const noexcept {
        // Relaxed: a caller that acts on an old value makes one more posting, which waits.
        const auto since = hanging_since_.load(std::memory_order_relaxed);
        return since != 0 && since == committer_.pending_since().time_since_epoch().count() &&
               !lacks_room_.load(std::memory_order_relaxed);
    }

    /// For how long the oldest record that is not durable has been waiting; 0 if there is none.
    [[nodiscard]] std::chrono::nanoseconds pending_for() const noexcept;

    /// Waits until all that the caller has seen in the ledger is durable. Returns a record number
    /// up to which all records are durable by then, those of the postings seen among them; nothing
    /// if the journal has failed, hangs, or was stopped before that.
    [[nodiscard]] std::optional<std::uint64_t> barrier() noexcept;

    /// The number of the last record that is durable.
    [[nodiscard]] std::uint64_t durable_record() const noexcept {
        return committer_.durable_record();
    }
    [[nodiscard]] std::chrono::milliseconds disk_timeout() const noexcept {
        return chosen_.disk_timeout;
    }
    [[nodiscard]] commit_counts counts() const noexcept { return committer_.counts(); }
    /// What the journal thread has counted. For any thread.
    [[nodiscard]] const committer& commits() const noexcept { return committer_; }
    [[nodiscard]] bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }

    /// Makes durable all that is in the lanes, closes the journal in order and ends the thread. The
    /// producers have ended. False if the journal has failed, which it also does when it lacks room
    /// or an answer for options::disk_timeout. Does nothing when called again.
    bool stop() noexcept;

    /// Begins to stop, and waits until `deadline`, and after it for as long as the disk answers
    /// within a second. False if it has not stopped by then: the journal thread is in a call that
    /// does not return, and the caller can only end the process.
    [[nodiscard]] bool stop_by(std::chrono::steady_clock::time_point deadline) noexcept;

    /// The system's clocks as they are, for a log that belongs to no ledger.
    [[nodiscard]] static batch_stamp system_times();

private:
    void run() noexcept;
    void work();
    [[nodiscard]] committer::progress turn();
    [[nodiscard]] std::size_t budget_in(std::size_t room_bytes) const noexcept;
    [[nodiscard]] bool has_waited_too_long() const noexcept;
    void wait_for_log() const noexcept;
    void keep_room() noexcept;
    void note_progress() noexcept;
    void begin_to_stop() noexcept;
    void sleep() noexcept;
    void fail(const std::string& why) noexcept;
    [[nodiscard]] std::vector<lane*> made_lanes();

    batch_log& log_;
    options chosen_;
    wake_signal signal_;
    std::vector<std::unique_ptr<lane>> lanes_;
    committer committer_;  // for the journal thread, but for the members that say otherwise
    const std::size_t room_bytes_;
    std::atomic<bool> lacks_room_{false};  // the last turn lacked room. Relaxed: a gauge
    std::atomic<committer::running_clock::rep> hanging_since_{0};  // as found by check_progress
    std::atomic<bool> failed_{false};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> ended_{false};
    room_keeper room_;
    place_keeper place_;
    std::thread thread_;  // the last member: it uses the others from its start
};

}  // namespace coffer::journal
