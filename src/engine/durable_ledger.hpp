// A ledger that outlives the process: recovers it or begins it, opens an engine with it, takes its
// checkpoints, and ends them in order.
//
//     coffer::durable_ledger kept{engine, store, directory.snapshots(), options};
//     kept.open(just_before_it_is_open);
//     ... serve ...
//     kept.close_by(deadline, patience);
//
// Thread safety  None: for one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "engine/checkpointing.hpp"
#include "engine/engine.hpp"
#include "engine/initial_accounts.hpp"
#include "journal/log_store.hpp"
#include "ops/vital_signs.hpp"

namespace coffer {

class durable_ledger {
public:
    struct options {
        /// What a first start opens.
        initial_accounts accounts = initial_accounts::sample();
        checkpointing::options checkpoints{};
        /// As in engine::journal_options.
        std::chrono::microseconds commit_wait{0};
        std::chrono::milliseconds disk_timeout{5000};
        std::function<void(const std::string& why)> on_failure{};
    };

    /// `into`, which is not open, must outlive this, and `store` must outlive `into`: the threads
    /// of the log that the engine is opened with use the store until the engine is destroyed.
    /// `snapshots` is the directory of the ledger's snapshots.
    durable_ledger(engine& into, journal::log_store& store, std::filesystem::path snapshots,
                   options chosen);

    /// Begins a ledger if the store has none, recovers it, opens the engine with it, and begins to
    /// take checkpoints. Calls `before_open` when nothing can fail any more but for lack of memory
    /// or threads: the log's room and the snapshots' directory are checked before. Returns where
    /// the accounts come from, for people. Throws as begin_journal, recover, log_store::open,
    /// engine::require_room and snapshot_directory do.
    std::string open(const std::function<void()>& before_open);

    enum class ending : std::uint8_t {
        done,
        journal_failed,  ///< what was not acknowledged may be lost; no checkpoint was taken
        journal_hangs,   ///< what was not acknowledged may be lost
        snapshot_hangs,  ///< nothing is lost: the next start reads more of the journal
        history_hangs,   ///< nothing is lost: the last snapshot was taken, if it could be
    };
    /// Ends the journal in order, takes the last checkpoint, and ends what reads the history. The
    /// tellers are at rest. Waits for the journal and the history until `deadline`, as
    /// engine::close_by does, and for the snapshot as long as the disk answers within `patience`.
    /// After an ending that hangs a thread is in a call that does not return, and the caller can
    /// only end the process. Does nothing
    /// where nothing is open; called again, it returns the same.
    [[nodiscard]] ending close_by(std::chrono::steady_clock::time_point deadline,
                                  std::chrono::milliseconds patience) noexcept;

    /// For after it was opened.
    [[nodiscard]] const checkpointing& checkpoints() const noexcept { return *checkpoints_; }

private:
    engine& engine_;
    journal::log_store& store_;
    const std::filesystem::path snapshots_;
    const options chosen_;
    std::optional<checkpointing> checkpoints_;
    registered<metric_source>::registration recovery_time_;
};

}  // namespace coffer
