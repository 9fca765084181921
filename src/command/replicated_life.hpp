// One life of a node: from its files, as a standby, and then perhaps as the leader, until it is no
// longer that.
//
// Thread safety  engine and reload are for any thread, the rest for one.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "audit/continuous_audit.hpp"
#include "audit/reading_limit.hpp"
#include "command/serve_options.hpp"
#include "command/serving.hpp"
#include "engine/data_directory.hpp"
#include "engine/engine.hpp"
#include "engine/hold_clerk.hpp"
#include "replication/follower.hpp"
#include "replication/housekeeping.hpp"
#include "replication/leading.hpp"
#include "replication/node_identity.hpp"
#include "replication/replicated_log.hpp"
#include "replication/standby.hpp"
#include "replication/store_care.hpp"

namespace coffer::command {

class replicated_life {
public:
    /// All must outlive it.
    struct surroundings {
        const serve_options& options;
        const http::limits& limits;
        const data_directory& directory;
        replication::key_value_store& store;
        replication::store_care& care;
        leadership& rights;
        const http::listen_plan& addresses;
        const std::atomic<bool>& is_stopping;
        /// When it may stand for leader: after a step-down another node is to.
        std::chrono::steady_clock::time_point stand_not_before{};
    };

    explicit replicated_life(const surroundings& around);
    ~replicated_life();
    replicated_life(const replicated_life&) = delete;
    replicated_life& operator=(const replicated_life&) = delete;

    /// Begins to listen, and tries for so long: requests about the ledger are refused until it is
    /// open. Throws as http_front does.
    void listen(std::chrono::milliseconds patience);
    [[nodiscard]] const http::listen_plan& addresses() { return front_->server().addresses(); }
    [[nodiscard]] replication::local_files& files() noexcept { return files_; }

    /// Recovers from the files, which have a journal, and is open as a standby. Returns where the
    /// accounts come from, for people.
    std::string open();

    enum class end : std::uint8_t {
        stopped,
        deposed,       ///< it led, and is to begin again as a standby
        stepped_down,  ///< likewise
        gave_up,       ///< likewise: it cannot lead now, though no other node does
    };
    /// Serves until it is stopped, or has led and leads no more. Ends the process if its files
    /// fail. Throws replication::log_contradiction, journal::journal_error.
    [[nodiscard]] end serve(const replication::node_identity& identity);

    [[nodiscard]] coffer::engine& engine() noexcept { return engine_; }
    /// Reads the files of tokens and certificates again; false if there are none.
    [[nodiscard]] bool reload() noexcept;

private:
    enum class why : std::uint8_t { stopped, asked_to_step_down, term_is_over };

    void begin_front(std::chrono::milliseconds patience);
    void end_front(std::chrono::seconds patience);
    [[nodiscard]] replication::node_report report(const replication::node_identity& of) const;
    void keep_house(const replication::node_identity& of, std::uint64_t term);
    [[nodiscard]] end lead(const replication::node_identity& of, const replication::won_term& term);
    [[nodiscard]] bool begin_to_lead(const replication::won_term& term);
    [[nodiscard]] bool open_accounts(replication::replicated_log& log,
                                     const replication::won_term& term, journal::batch_stamp& last);
    void begin_audit();
    [[nodiscard]] why wait_for_an_end();
    void hand_over(why reason);
    void be_deposed();
    [[noreturn]] void end_hanging(const replication::won_term& term);
    void close(bool takes_snapshot);
    [[nodiscard]] std::chrono::milliseconds patience() const;

    const surroundings around_;
    replication::local_files files_;  // outlives the engine
    coffer::engine engine_;
    audit::reading_limit limit_;
    std::optional<replication::standby> standby_;
    std::mutex front_guard_;  // of front_, for reload
    std::optional<http_front> front_;
    hold_clerk clerk_;
    std::optional<audit::continuous_audit> audit_;
    std::optional<replication::follower> follower_;
    std::unique_ptr<replication::replicated_log> own_log_;  // until the engine has it
    replication::replicated_log* log_ = nullptr;            // of the leader: own_log_, then that
    std::optional<replication::leading> leading_;
    std::optional<replication::housekeeping> housekeeping_;
    std::atomic<bool> has_failed_{false};
    std::mutex why_guard_;
    std::string why_failed_;  // under the mutex
    bool is_closed_ = false;
};

}  // namespace coffer::command
