// Follows the log as a standby, and stands for leader where there is none.
//
// Guarantees     A term is won only after the standby has taken every entry before it.
// Thread safety  report is for any thread, the rest for one.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "engine/leadership.hpp"
#include "replication/campaign.hpp"
#include "replication/key_value_store.hpp"
#include "replication/log_keys.hpp"
#include "replication/log_reader.hpp"
#include "replication/node_report.hpp"
#include "replication/replication_options.hpp"
#include "replication/standby.hpp"

namespace coffer::replication {

class follower {
public:
    /// All must outlive it; `into` is open.
    follower(key_value_store& store, const replication_options& options, const ledger_id& ledger,
             standby& into, leadership& rights);
    follower(const follower&) = delete;
    follower& operator=(const follower&) = delete;

    /// Does not stand for leader before then: another node is to.
    void stand_not_before(std::chrono::steady_clock::time_point then) noexcept {
        not_before_ = then;
    }

    /// Follows until a term is won, and returns it, or until `is_asked_to_stop` returns true: then
    /// no value. That is called at least twice a second, except during a request to the store.
    /// Throws log_contradiction; files_failed; journal_error.
    [[nodiscard]] std::optional<won_term> run(const std::function<bool()>& is_asked_to_stop);

    /// The campaign that has won the term, and holds the leader's key.
    [[nodiscard]] campaign& won() noexcept { return campaign_; }

    /// What is synced of the log; the caller fills in what else a report has.
    [[nodiscard]] node_report report() const;

private:
    enum class found : std::uint8_t { more, end, nothing };

    [[nodiscard]] bool has_its_log();
    void find_place();
    void warn(std::string_view what, std::string_view reason);
    [[nodiscard]] found read_on();
    void take(const log_entry& one);
    void note(const log_reader::place& taken);
    void look_for_leader();
    void renew_key();
    [[nodiscard]] bool wait_for_a_cut();
    [[nodiscard]] std::optional<won_term> stand();
    [[nodiscard]] std::optional<won_term> begin_term();
    void catch_up(const std::string& why);
    void rest(std::chrono::milliseconds time) const;
    void wait_for_more();
    [[nodiscard]] bool is_to_stop() const { return (*is_asked_to_stop_)(); }

    key_value_store& store_;
    const replication_options& options_;
    const ledger_id ledger_;
    standby& standby_;
    leadership& rights_;
    log_reader reader_;
    campaign campaign_;
    const std::function<bool()>* is_asked_to_stop_ = nullptr;  // of run
    bool is_known_log_ = false;                                // the store has this ledger's
    bool has_place_ = false;                                   // in the log
    bool is_leaderless_ = false;  // there was no leader's key at the last look
    std::string leader_url_;
    std::chrono::steady_clock::time_point look_again_{};
    std::chrono::steady_clock::time_point not_before_{};
    std::chrono::steady_clock::time_point warn_again_{};
    std::chrono::steady_clock::time_point renew_at_{};    // the leader's key
    bool has_key_ = false;                                // the leader's, in stand
    std::chrono::steady_clock::time_point tell_again_{};  // when to warn that catching up fails
    std::chrono::steady_clock::time_point busy_until_{};  // entries come one after the other

    struct taken_entry {
        std::uint64_t number;
        std::uint64_t last_record;  // up to it
    };
    mutable std::mutex mutex_;
    mutable std::deque<taken_entry> not_synced_;  // under the mutex: in the order of the log
    mutable std::uint64_t synced_entry_ = 0;      // under the mutex
    bool is_catching_up_ = false;                 // under the mutex
};

}  // namespace coffer::replication
