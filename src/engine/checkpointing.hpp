// Takes checkpoints of an open engine in the background: a snapshot of the ledger, and then the
// journal is trimmed of the records that no snapshot needs any more.
//
// Guarantees     A snapshot states the records to replay on top of it, and the oldest record whose
//                key may be alive. A record is trimmed only if it is old enough, every snapshot has
//                it, and the newest snapshot was read whole.
// Thread safety  taken, failed and give_way are for any thread. The rest is for one thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/key_horizon.hpp"
#include "engine/retention.hpp"
#include "ops/vital_signs.hpp"
#include "snapshot/snapshotter.hpp"

namespace coffer {

class engine;

/// Callbacks for a component that compares snapshots with the journal, each as of the record that
/// it covers. Called by the thread that takes them; must not block or throw.
struct snapshot_follower {
    /// A snapshot is begun, perhaps called again before it ends: returns the record to cover, which
    /// is durable and not before the given one, the last that is.
    std::function<std::uint64_t(std::uint64_t durable_record)> cover{};
    std::function<void()> on_end{};  ///< it was taken, or has failed, or was not needed
};

class checkpointing {
public:
    struct options {
        std::chrono::milliseconds every{30'000};  ///< 0: only the last one, when it stops
        std::size_t keep = 10;                    ///< how many snapshots stay, at least one
        /// How old a record must be before it is trimmed, in running time; nothing: none ever is.
        std::optional<std::chrono::nanoseconds> retain{};
        snapshot_follower follower{};
    };
    /// Where recovery has left off: the members of `recovered` of these names.
    struct beginning {
        std::uint64_t keys_from = 1;
        std::optional<std::uint64_t> covered_record{};
    };

    /// Starts. `of` is open with a journal, and must outlive this; so must its ledger. Throws
    /// std::system_error.
    checkpointing(engine& of, snapshot::snapshot_directory snapshots, const options& chosen,
                  const beginning& begin);
    ~checkpointing();
    checkpointing(const checkpointing&) = delete;
    checkpointing& operator=(const checkpointing&) = delete;

    /// Takes the last checkpoint, unless the newest has everything, and ends. The journal may have
    /// ended before. False if no call of the file system has returned for `patience`: the disk does
    /// not answer, and the caller can only end the process. Does nothing when called again.
    [[nodiscard]] bool stop_unless_stuck(std::chrono::milliseconds patience) noexcept {
        return snapshotter_.stop_unless_stuck(patience);
    }

    /// Has it end without a last checkpoint: to be called before it is stopped or destroyed.
    void abandon() noexcept { snapshotter_.abandon(); }

    /// Whether a snapshot whose cut goes on is to be given up, and others that begin.
    void give_way(bool is_wanted) noexcept {
        gives_way_.store(is_wanted, std::memory_order_relaxed);  // orders nothing
    }

    /// Whether the newest snapshot has everything. For after it has stopped.
    [[nodiscard]] bool last_was_taken() const noexcept { return snapshotter_.last_was_taken(); }
    /// How many snapshots were taken, and how many failed.
    [[nodiscard]] std::uint64_t taken() const noexcept { return snapshotter_.taken(); }
    [[nodiscard]] std::uint64_t failed() const noexcept { return snapshotter_.failed(); }

private:
    [[nodiscard]] snapshot::journal_marks marks(engine& of);
    void append_figures(std::string& out) const;

    const snapshot_follower follower_;
    std::atomic<bool> gives_way_{false};
    retention retention_;
    key_horizon horizon_;
    snapshot::snapshotter snapshotter_;  // after these, as its thread uses them
    engine& engine_;
    registered<metric_source>::registration figures_;
};

}  // namespace coffer
