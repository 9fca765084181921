// The engine: the ledger, its journal and the idempotency keys behind the API.
//
// Guarantees     An engine that was opened with a log acknowledges nothing that is not durable: see
//                teller.hpp. An engine opened without a log keeps nothing, and acknowledges at
//                once. A standby's shows its ledger, which standby.hpp keeps, and posts nothing.
// Invariants     1. The ledger, the log and the lanes are set before is_open, and stay as they are
//                   until the engine is destroyed; but a standby's gets its lanes, and another log,
//                   when it leads: then no teller is used.
//                2. A teller has the lane of its own index, and no other teller has it.
// Thread safety  is_open, retire, is_retiring, why_no_postings, keys, expiries, ended, expired and
//                clock are for any thread, and so are ledger, durable_record, running_ns and
//                barrier once it is open. Each teller is for its own thread. Everything else is for
//                the thread that opens and closes the engine.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <coffer/ledger.hpp>

#include "engine/ended_holds.hpp"
#include "engine/event_blocks.hpp"
#include "engine/expiry_index.hpp"
#include "engine/history_reader.hpp"
#include "engine/key_store.hpp"
#include "engine/leadership.hpp"
#include "engine/teller.hpp"
#include "journal/batch_log.hpp"
#include "journal/history.hpp"
#include "journal/ledger_clock.hpp"
#include "journal/writer.hpp"
#include "ops/tally.hpp"
#include "ops/vital_signs.hpp"

namespace coffer {

namespace snapshot {
class snapshotter;
}

class engine {
public:
    struct options {
        std::size_t tellers = 1;  ///< beside the clerk's own
        key_store::limits keys{};
        /// How many ended holds are kept at most (see ended_holds). Nothing: as many as keys.
        std::optional<std::size_t> ended_holds{};
        journal::ledger_clock::options clock{};
        /// Nothing: the system's clocks.
        std::optional<journal::time_sources> times{};
        /// This node's role in a replicated ledger, which must outlive the engine. Null: alone.
        leadership* rights = nullptr;
    };
    struct journal_options {
        /// How long a posting waits for others, to be synced together with them.
        std::chrono::microseconds commit_wait{0};
        /// How long a posting may wait to become durable until others are refused.
        std::chrono::milliseconds disk_timeout{5000};
        /// The stamp of the log's last batch.
        journal::batch_stamp journal_end{};
        /// What is found of the log, if anything is to be.
        std::unique_ptr<journal::history> history{};
        /// Where the ledger's snapshots are.
        std::filesystem::path snapshots{};
        /// Whether teller::confirm has each answer wait for a write to the log.
        bool read_barrier = false;
        /// Called once, by a thread of the writer, when nothing more will be durable.
        std::function<void(const std::string& why)> on_failure;
    };

    struct standby_options {
        /// The stamp of the last batch that the ledger has.
        journal::batch_stamp journal_end{};
        std::uint64_t last_record = 0;  ///< that the ledger has
        /// As in journal_options: of the files that this node keeps.
        std::unique_ptr<journal::history> history{};
        std::filesystem::path snapshots{};
        std::chrono::milliseconds disk_timeout{5000};
        /// As batch_log::wait_kept_here.
        std::function<bool(std::uint64_t record, std::chrono::steady_clock::time_point deadline)>
            wait_kept;
    };

    /// Not open yet: its tellers return service::not_open. Throws std::bad_alloc.
    explicit engine(const options& chosen);
    /// One teller and the clerk's, and open with a ledger in memory only.
    explicit engine(std::unique_ptr<coffer::ledger> ledger);
    ~engine();
    engine(const engine&) = delete;
    engine& operator=(const engine&) = delete;

    /// Opens with a ledger in memory only.
    void open(std::unique_ptr<coffer::ledger> ledger);
    /// Opens with a ledger that is in the state of the log's end. The log's store must outlive the
    /// engine: the log's threads end when that is destroyed. Throws std::system_error,
    /// std::invalid_argument if the log keeps too little room ahead for so many tellers.
    void open(std::unique_ptr<coffer::ledger> ledger, std::unique_ptr<journal::batch_log> log,
              journal_options chosen);

    /// Opens as a standby: with a ledger that one other thread goes on to apply a journal to. All
    /// but postings works. `files` has that journal, and must outlive the engine. Throws
    /// std::system_error.
    void open_standby(std::unique_ptr<coffer::ledger> ledger, journal::batch_log& files,
                      standby_options chosen);
    /// Of a standby, by the thread that applies: it applies the records up to this one now.
    void note_applying(std::uint64_t last_record) noexcept {
        // Release: pairs with the acquire in barrier. Before any of them is in the ledger.
        applying_record_.store(last_record, std::memory_order_release);
    }
    /// And the keys of the records from this one on are not in keys() yet, though they are applied:
    /// after that, and before note_applied.
    void note_keys_wait_from(std::uint64_t record) noexcept {
        // Release: pairs with the acquire in keys_known_to. After the earlier keys are in.
        keys_wait_from_.store(record, std::memory_order_release);
    }
    /// And has applied them: they were written at `written`.
    void note_applied(std::uint64_t last_record, const journal::batch_stamp& written) noexcept;
    /// Opens a standby for postings, by a log that ends where its ledger is. Nothing is applied to
    /// the ledger any more, and no teller is used meanwhile. Uses all but the history and the
    /// snapshots of `chosen`. Throws as open does.
    void lead(std::unique_ptr<journal::batch_log> log, journal_options chosen);

    /// Throws std::invalid_argument if `log` keeps too little room ahead for so many tellers.
    void require_room(const journal::batch_log& log) const;

    /// How many bytes of batches a log should keep room for ahead, for so many tellers and the
    /// clerk's.
    struct log_room {
        std::uint64_t tight_bytes;  ///< with little room left: each teller can still post
        std::uint64_t least_bytes;  ///< where storage is plentiful
        std::uint64_t ample_bytes;  ///< from here on more makes no difference
    };
    [[nodiscard]] static log_room room_for(std::size_t tellers) noexcept;

    /// Makes all postings durable, and ends the journal in order. The tellers are at rest. False if
    /// the journal has failed. Its history answers nothing from now on. Does nothing when called
    /// again, or without a journal.
    [[nodiscard]] bool close() noexcept;
    /// The same, but waits as writer::stop_by does. False if it is not done by then.
    [[nodiscard]] bool close_by(std::chrono::steady_clock::time_point deadline) noexcept;
    /// Ends the threads that read the journal's history, after that: they call nothing of the
    /// tellers any more. Waits as history_reader::stop_by does. False if it is not done by then.
    [[nodiscard]] bool end_history_by(std::chrono::steady_clock::time_point deadline) noexcept;

    [[nodiscard]] bool is_open() const noexcept {
        // Acquire: pairs with the release in open, so that what it has set is seen.
        return is_open_.load(std::memory_order_acquire);
    }
    /// Whether it is open for postings.
    [[nodiscard]] bool takes_postings() const noexcept {
        return takes_postings_.load(std::memory_order_acquire);  // as is_open
    }
    /// Why postings are refused now: not_open, disk_full or disk_hangs; done if they are made.
    [[nodiscard]] service why_no_postings() const noexcept;
    /// From now on is_retiring is true: the server will stop soon. Nothing else changes.
    void retire() noexcept {
        // Relaxed: orders nothing; other threads see it soon enough.
        is_retiring_.store(true, std::memory_order_relaxed);
    }
    [[nodiscard]] bool is_retiring() const noexcept {
        return is_retiring_.load(std::memory_order_relaxed);  // likewise
    }

    [[nodiscard]] teller& teller_at(std::size_t index) noexcept { return *tellers_[index]; }
    /// Of hold_clerk: after the others.
    [[nodiscard]] teller& clerks_teller() noexcept { return *tellers_.back(); }
    [[nodiscard]] coffer::ledger& ledger() noexcept { return *ledger_; }
    [[nodiscard]] const coffer::ledger& ledger() const noexcept { return *ledger_; }
    [[nodiscard]] key_store& keys() noexcept { return keys_; }
    [[nodiscard]] const key_store& keys() const noexcept { return keys_; }

    /// When the holds of this engine expire, from when its clerk has gone through them once.
    [[nodiscard]] expiry_index& expiries() noexcept { return expiries_; }
    [[nodiscard]] ended_holds& ended() noexcept { return ended_; }
    [[nodiscard]] const ended_holds& ended() const noexcept { return ended_; }
    /// How many expiries were made. For any thread.
    [[nodiscard]] std::uint64_t expired() const noexcept {
        return expired_.load(std::memory_order_relaxed);  // a count that orders nothing
    }
    void count_expired() noexcept { expired_.fetch_add(1, std::memory_order_relaxed); }

    /// Which role this node has, and whether it may answer. For any thread.
    [[nodiscard]] leadership& rights() const noexcept { return *rights_; }

    /// The number of the last record that is durable: of a standby, that its ledger has. For an
    /// engine with a log.
    [[nodiscard]] std::uint64_t durable_record() const noexcept;
    /// Of the records up to this one, which is durable, the last such that all keys up to it are in
    /// keys() now.
    [[nodiscard]] std::uint64_t keys_known_to(std::uint64_t durable_record) const noexcept {
        // Acquire: pairs with the release in note_keys_wait_from.
        return std::min(durable_record, keys_wait_from_.load(std::memory_order_acquire) - 1);
    }
    /// As writer::barrier, and what it returns is kept by this machine. For an engine with a log.
    [[nodiscard]] std::optional<std::uint64_t> barrier() noexcept;
    /// Running time. A standby's is that of the journal that it has applied: it counts no time in
    /// which the ledger may have had no leader.
    [[nodiscard]] std::uint64_t running_ns() const noexcept;
    /// Record time for labels, likewise.
    [[nodiscard]] std::uint64_t time_ns() const;
    /// See teller::confirm. As disk_timeout for any thread once it is open.
    [[nodiscard]] bool has_read_barrier() const noexcept { return has_read_barrier_; }
    [[nodiscard]] std::chrono::milliseconds disk_timeout() const noexcept {
        return disk_timeout_.load(std::memory_order_relaxed);  // orders nothing
    }

    /// For any thread.
    [[nodiscard]] journal::ledger_clock& clock() const noexcept { return clock_; }
    /// What the parts of the server report of themselves. For any thread.
    [[nodiscard]] vital_signs& signs() const noexcept { return signs_; }

    /// The records after which those read that follow the events: each sets its own. For any
    /// thread.
    [[nodiscard]] registered<const gauge*>& followed() const noexcept { return followed_; }

    /// What takes snapshots of this ledger, while it does; else null. For any thread, until that
    /// has been ended.
    [[nodiscard]] snapshot::snapshotter* snapshots() const noexcept {
        // Acquire: pairs with the release in snapshots_are_taken_by.
        return snapshots_.load(std::memory_order_acquire);
    }
    void snapshots_are_taken_by(snapshot::snapshotter* one) noexcept {
        snapshots_.store(one, std::memory_order_release);
    }

    /// All of them, the clerk's too, for what they have counted. For any thread.
    [[nodiscard]] const std::vector<std::unique_ptr<teller>>& tellers() const noexcept {
        return tellers_;
    }

    /// Null without a journal, and at a standby.
    [[nodiscard]] journal::writer* journal() noexcept { return journal_ ? &*journal_ : nullptr; }
    [[nodiscard]] const journal::writer* journal() const noexcept {
        return journal_ ? &*journal_ : nullptr;
    }
    /// Null without one. For any thread once the engine is open.
    [[nodiscard]] journal::batch_log* log() noexcept { return log_; }
    [[nodiscard]] const journal::batch_log* log() const noexcept { return log_; }
    /// Null without a journal, or where its history is not read. For any thread.
    [[nodiscard]] history_reader* history() noexcept { return reader_ ? &*reader_ : nullptr; }
    [[nodiscard]] bool has_history() const noexcept { return reader_.has_value(); }
    /// Where the ledger's snapshots are. For any thread once the engine is open.
    [[nodiscard]] const std::filesystem::path& snapshot_folder() const noexcept {
        return snapshot_folder_;
    }
    /// How many questions wait for it; it has one. For any thread.
    [[nodiscard]] std::size_t history_waiting() const { return reader_->waiting(); }
    /// What has been read of it for those that follow it. For any thread.
    [[nodiscard]] event_blocks& events() const noexcept { return events_; }

private:
    void find_ended_holds() noexcept;
    void begin_writing(journal_options chosen);
    void begin_history(std::unique_ptr<journal::history> history);
    [[nodiscard]] bool is_standby() const noexcept {
        return is_standby_.load(std::memory_order_acquire);  // pairs with the release in lead
    }

    mutable leadership alone_;
    leadership* const rights_;
    mutable vital_signs signs_;  // first: the others may leave it when they end
    mutable journal::ledger_clock clock_;
    key_store keys_;
    expiry_index expiries_;
    ended_holds ended_;
    mutable event_blocks events_;
    mutable registered<const gauge*> followed_;
    std::atomic<snapshot::snapshotter*> snapshots_{nullptr};
    std::atomic<std::uint64_t> expired_{0};
    std::vector<std::unique_ptr<teller>> tellers_;
    std::unique_ptr<coffer::ledger> ledger_;
    std::unique_ptr<journal::batch_log> owned_log_;
    std::atomic<journal::batch_log*> log_{nullptr};
    std::atomic<std::chrono::milliseconds> disk_timeout_{std::chrono::milliseconds{5000}};
    bool has_read_barrier_ = false;
    // Of a standby.
    std::atomic<bool> is_standby_{false};
    std::atomic<std::uint64_t> applying_record_{0};
    std::atomic<std::uint64_t> applied_record_{0};
    std::atomic<std::uint64_t> keys_wait_from_{UINT64_MAX};  // a number of 1 or more
    std::atomic<std::uint64_t> applied_running_ns_{0};       // relaxed, as the next: moments
    std::atomic<std::uint64_t> applied_time_ns_{0};
    std::function<bool(std::uint64_t, std::chrono::steady_clock::time_point)> wait_kept_;
    std::optional<journal::writer> journal_;
    std::unique_ptr<journal::history> history_;
    std::optional<history_reader> reader_;  // after what it reads
    std::filesystem::path snapshot_folder_;
    // By the monotonic clock, when a standby has taken the last batch from the log, if it was
    // written shortly before: for the thread that applies it.
    std::optional<std::chrono::nanoseconds> last_seen_;
    std::atomic<bool> is_open_{false};
    std::atomic<bool> takes_postings_{false};
    std::atomic<bool> is_retiring_{false};
};

}  // namespace coffer
