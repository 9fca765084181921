// The journal thread: makes durable what the workers put into their lanes, many at a time.
//
// Guarantees     what lane.hpp, lane_merge.hpp and batch_log.hpp say. When all lanes are empty the
//                thread sleeps, and the next lane::end wakes it.
//                After a failure of the log nothing more is ever durable.
//                While the log hangs, or has no room, no postings are accepted; what is in the
//                lanes becomes durable once the log goes on.
// Thread safety  wake, lane_budget, accepting, check_progress, hangs, barrier, pending_for,
//                durable_record, counts and failed may be called from any thread at once, but
//                on_durable's callbacks; each lane has one producer; the rest is for one thread.
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
#include "journal/place_keeper.hpp"
#include "journal/room_keeper.hpp"
#include "journal/wake_signal.hpp"

namespace coffer::journal {

class writer {
public:
    /// How many times the bytes of all lanes the log must have room for: at worst each record gets
    /// a batch of its own.
    static constexpr std::size_t room_factor = 4;
    /// The same where lanes hold less than they could: what is in hand is up to twice that.
    static constexpr std::size_t small_room_factor = room_factor + 2;

    /// With less room than this in the log, so many lanes take no postings.
    [[nodiscard]] static constexpr std::size_t least_room_bytes(std::size_t lanes) noexcept {
        return small_room_factor * lanes * lane::min_bytes;
    }

    struct options {
        /// One lane each. Called by the journal thread when more of that lane is durable, once for
        /// all that became so together; may be empty. Must not throw.
        std::vector<std::function<void()>> on_durable;
        /// Called once, by a thread of the writer, when the log has failed and nothing more will be
        /// durable, with the reason. The process had better end. Must not throw.
        std::function<void(const std::string&)> on_failure;
        /// A record takes 40 bytes, with a key some 100. The segments of file_log have room for 31
        /// lanes of this size.
        std::size_t lane_bytes = std::size_t{512} << 10;
        /// How long it waits for others after the first record of a batch.
        std::chrono::microseconds commit_wait{0};
        /// How long until it tries again to get room that was not to be had.
        std::chrono::milliseconds retry_room{1000};
        /// How often it looks whether the log is in its place.
        std::chrono::milliseconds check_place{200};
        /// How long something may be on its way to the disk until the log is said to hang.
        std::chrono::milliseconds disk_timeout{5000};
        committer::clock now = system_times;
    };

    /// Starts. `ledger` and `log` must outlive it. Throws std::invalid_argument if the log keeps
    /// too little room for lanes of this size, std::system_error if there is no thread to be had.
    writer(coffer::ledger& ledger, batch_log& log, options chosen);
    ~writer() { stop(); }
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;

    /// Has the journal thread look at the lanes, if it sleeps. For after lane::end_quietly.
    void wake() noexcept { signal_.wake(); }

    /// The lane of this index, one of as many as options::on_durable.
    [[nodiscard]] lane& lane_at(std::size_t index) noexcept { return *lanes_[index]; }
    [[nodiscard]] std::size_t lanes() const noexcept { return lanes_.size(); }

    /// How many bytes each lane may hold for a posting to be made, since the log has room for that;
    /// 0 if none may be made: there is not even room for a little, or the log hangs or has failed.
    /// What is in the lanes already is written in any case.
    [[nodiscard]] std::size_t lane_budget() const noexcept {
        // Acquire is not needed: who acts on it a moment too late finds room all the same.
        if (failed_.load(std::memory_order_relaxed) || hangs())
            return 0;
        const std::size_t room = log_.room_bytes();
        return room >= room_bytes_ ? SIZE_MAX : budget_in(room);
    }
    [[nodiscard]] bool accepting() const noexcept { return lane_budget() != 0; }

    /// Finds out whether the log hangs, and logs it. To be called now and then.
    void check_progress() noexcept;

    /// Whether the last check_progress found that the log hangs: something has been on its way to
    /// the disk for options::disk_timeout, and still is.
    [[nodiscard]] bool hangs() const noexcept {
        // Relaxed: who acts on it a moment too late has one request more to wait for.
        const auto since = hanging_since_.load(std::memory_order_relaxed);
        return since != 0 && since == committer_.pending_since().time_since_epoch().count() &&
               !lacks_room_.load(std::memory_order_relaxed);
    }

    /// For how long the oldest posting that is not durable has been on its way to the disk; 0 if
    /// there is none.
    [[nodiscard]] std::chrono::nanoseconds pending_for() const noexcept;

    /// Waits until all that the caller has seen in the ledger is durable. Returns the number of a
    /// record up to which all are durable then, that record of a posting which it has seen or a
    /// later one; nothing if the journal has failed, hangs, or was stopped before that.
    [[nodiscard]] std::optional<std::uint64_t> barrier() noexcept;

    /// The number of the last record that is durable.
    [[nodiscard]] std::uint64_t durable_record() const noexcept {
        return committer_.durable_record();
    }
    [[nodiscard]] std::chrono::milliseconds disk_timeout() const noexcept {
        return chosen_.disk_timeout;
    }
    [[nodiscard]] commit_counts counts() const noexcept { return committer_.counts(); }
    [[nodiscard]] bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }

    /// Makes all that is in the lanes durable, closes the journal in order and ends the thread. The
    /// producers have ended. False if the journal has failed: if there is no room for it, too, for
    /// options::disk_timeout. Does nothing when called again.
    bool stop() noexcept;

    /// Begins to stop, and waits for it until `deadline`, and then for as long as the disk answers
    /// within a second. False if it has not stopped by then: the journal thread is in a call that
    /// does not return, and all that can be done is to end the process.
    [[nodiscard]] bool stop_by(std::chrono::steady_clock::time_point deadline) noexcept;

    /// The system's clocks as they are, for a log that is nobody's ledger.
    [[nodiscard]] static batch_stamp system_times();

private:
    void run() noexcept;
    void work();
    [[nodiscard]] committer::progress turn();
    [[nodiscard]] std::size_t budget_in(std::size_t room_bytes) const noexcept;
    [[nodiscard]] bool has_waited_too_long() const noexcept;
    void see_to_room() noexcept;
    void note_progress() noexcept;
    void begin_to_stop() noexcept;
    void sleep() noexcept;
    void fail(const std::string& why) noexcept;
    [[nodiscard]] std::vector<lane*> made_lanes();

    batch_log& log_;
    options chosen_;
    wake_signal signal_;
    std::vector<std::unique_ptr<lane>> lanes_;
    committer committer_;  // for the journal thread, but for what says otherwise
    const std::size_t room_bytes_;
    std::atomic<bool> lacks_room_{false};  // the last turn ended for want of room. Relaxed: a gauge
    std::atomic<committer::running_clock::rep> hanging_since_{0};  // as found by check_progress
    std::atomic<bool> failed_{false};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> ended_{false};
    room_keeper room_;
    place_keeper place_;
    std::thread thread_;  // the last member: it uses the others from its start
};

}  // namespace coffer::journal
