// The journal thread: makes durable what the workers put into their lanes, many at a time.
//
// Guarantees     what lane.hpp, lane_merge.hpp and batch_log.hpp say. When all lanes are empty the
//                thread sleeps, and the next lane::end wakes it.
//                After a failure of the log nothing more is ever durable.
// Thread safety  wake, commit_here, accepting, barrier, durable_record, counts and failed may be
//                called from any thread at once, but on_durable's callbacks; each lane has one
//                producer; the rest is for one thread.
//
// Whoever is at work looks at the lanes once more when it is done, so that one who found it at work
// may go away. The producer (1) publishes and (2) finds at_work_ set; the worker (3) clears it and
// (4) looks at the lanes. All four are sequentially consistent, so they have one order: (2) is
// before (3), or it found a later worker's mark, for whom the same holds; so (1) is before (4).
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
        committer::clock now = wall_clock;
    };

    /// Starts. `books` and `log` must outlive it. Throws std::invalid_argument if the log keeps too
    /// little room for lanes of this size, std::system_error if there is no thread to be had.
    writer(ledger& books, batch_log& log, options chosen);
    ~writer() { stop(); }
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;

    /// Has the journal thread look at the lanes, if it sleeps. For after lane::end_quietly.
    void wake() noexcept { signal_.wake(); }

    /// Makes what is in the lanes durable in the caller's thread, unless somebody is at it or it is
    /// to wait for more; then the journal thread does. Either way what was published before will be
    /// durable with nothing more to be done. The caller waits for the disk: it saves the way to
    /// another thread and back where there is nothing else for it to do.
    void commit_here() noexcept;

    /// The lane of this index, one of as many as options::on_durable.
    [[nodiscard]] lane& lane_at(std::size_t index) noexcept { return *lanes_[index]; }
    [[nodiscard]] std::size_t lanes() const noexcept { return lanes_.size(); }

    /// Whether postings may be made: there is room in the log for all that the lanes can hold. What
    /// is in the lanes already is written in any case.
    [[nodiscard]] bool accepting() const noexcept {
        // Acquire is not needed: who acts on it a moment too late finds room all the same.
        return !failed_.load(std::memory_order_relaxed) && log_.has_room(room_bytes_);
    }

    /// Waits until all that the caller has seen in the ledger is durable. Returns the number of a
    /// record up to which all are durable then, that record of a posting which it has seen or a
    /// later one; nothing if the journal has failed, or was stopped before that.
    [[nodiscard]] std::optional<std::uint64_t> barrier() const noexcept;

    /// The number of the last record that is durable.
    [[nodiscard]] std::uint64_t durable_record() const noexcept {
        return committer_.durable_record();
    }
    [[nodiscard]] commit_counts counts() const noexcept { return committer_.counts(); }
    [[nodiscard]] bool failed() const noexcept { return failed_.load(std::memory_order_acquire); }

    /// Makes all that is in the lanes durable, closes the journal in order and ends the thread. The
    /// producers have ended. False if the journal has failed. Does nothing when called again.
    bool stop() noexcept;

    /// The system's clock, in ns since 1970.
    [[nodiscard]] static std::uint64_t wall_clock();

private:
    void run() noexcept;
    void work();
    [[nodiscard]] committer::progress turn();
    [[nodiscard]] committer::progress turn_here() noexcept;
    void take_over() noexcept;
    void hand_over() noexcept;
    void see_to_room() noexcept;
    void sleep() noexcept;
    void fail(const std::string& why) noexcept;
    [[nodiscard]] std::vector<lane*> made_lanes();

    batch_log& log_;
    options chosen_;
    wake_signal signal_;
    std::vector<std::unique_ptr<lane>> lanes_;
    committer committer_;               // for whoever is at work
    std::atomic<bool> at_work_{false};  // somebody is
    const std::size_t room_bytes_;
    std::atomic<bool> failed_{false};
    std::atomic<bool> stopping_{false};
    std::atomic<bool> ended_{false};
    room_keeper room_;
    place_keeper place_;
    std::thread thread_;  // the last member: it uses the others from its start
};

}  // namespace coffer::journal
