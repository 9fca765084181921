// A standby's ledger: recovers it from this node's own files, and then keeps it at the log's end:
// each batch that the log has is written to the files and applied. Meanwhile the engine is open for
// all that only reads.
//
// Guarantees     The files never have a batch that the log does not have. A snapshot is published
//                once all that it shows is synced in the files.
//                After end, the engine may lead: its ledger, its holds and its keys are as those of
//                a server that has recovered from the same journal.
// Thread safety  synced_record, wait_kept and why_not_written are for any thread, the rest for one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "engine/checkpointing.hpp"
#include "engine/engine.hpp"
#include "engine/recovery.hpp"
#include "journal/log_store.hpp"
#include "journal/replay.hpp"
#include "replication/local_copy.hpp"

namespace coffer::replication {

/// This node's journal. It must outlive the engine.
struct local_files {
    std::unique_ptr<journal::log_store> store;
    std::unique_ptr<journal::batch_log> log{};  ///< once the standby is open
};

/// This node's disk does not take what the log has.
class files_failed : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

class standby {
public:
    struct options {
        checkpointing::options checkpoints{};
        std::chrono::milliseconds disk_timeout{5000};
        std::function<void()> on_hang{};  ///< see local_copy
    };

    /// `into` is not open. `snapshots` is the directory of the ledger's snapshots. The store has a
    /// log.
    standby(engine& into, local_files& files, std::filesystem::path snapshots, options chosen);
    ~standby();
    standby(const standby&) = delete;
    standby& operator=(const standby&) = delete;

    /// Recovers, opens the engine, and begins to take checkpoints. Returns where the accounts come
    /// from, for people. Throws as durable_ledger::open does.
    std::string open();

    /// `ask` is called each millisecond while a batch waits for a cut of the ledger. If it returns
    /// true, this node's snapshot is given up now, and not after ten seconds. If it throws, so does
    /// take, and the batch must not be taken again.
    void on_wait(std::function<bool()> ask) { on_wait_ = std::move(ask); }

    /// Where the files end, and so does the ledger.
    [[nodiscard]] journal::batch_position at() const noexcept { return at_; }

    /// Takes the next batch of the log. False if the disk has no room for it: call it again. Throws
    /// files_failed; journal_error if it contradicts the ledger, which then has a part of it.
    [[nodiscard]] bool take(const journal::batch_view& one);

    /// Ends: nothing is taken any more. Returns the stamp of the last batch. Throws files_failed if
    /// the files are not synced within the time-out.
    journal::batch_stamp end();

    [[nodiscard]] std::uint64_t synced_record() const noexcept;
    /// As batch_log::wait_kept_here. After end: whether the record was synced then.
    [[nodiscard]] bool wait_kept(std::uint64_t record,
                                 std::chrono::steady_clock::time_point deadline);

    [[nodiscard]] bool is_open() const noexcept { return checkpoints_.has_value(); }
    [[nodiscard]] checkpointing& checkpoints() noexcept { return *checkpoints_; }

private:
    [[nodiscard]] bool write(const journal::batch_view& one);
    void wait_for_a_cut();

    engine& engine_;
    local_files& files_;
    const std::filesystem::path snapshots_;
    const options chosen_;
    key_recovery keys_;
    journal::batch_position at_{};
    journal::batch_stamp last_{};  // of the last batch that was taken
    std::optional<journal::replayer> replayer_;
    std::function<bool()> on_wait_;
    std::optional<std::chrono::steady_clock::time_point> waits_since_;  // for a cut
    mutable std::mutex copy_guard_;  // of copy_, but for its own thread
    std::optional<local_copy> copy_;
    std::uint64_t synced_at_end_ = 0;  // under the mutex
    std::optional<checkpointing> checkpoints_;
};

}  // namespace coffer::replication
