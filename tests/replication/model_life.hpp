// One life of the process of a model_node.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <coffer/ledger.hpp>

#include "engine/leadership.hpp"
#include "journal/committer.hpp"
#include "journal/lane.hpp"
#include "journal/replay.hpp"
#include "journal/wake_signal.hpp"
#include "replication/campaign.hpp"
#include "replication/log_reader.hpp"
#include "replication/model_node.hpp"
#include "replication/planted_store.hpp"
#include "replication/replicated_log.hpp"

namespace coffer::test {

/// What a life has while it leads.
struct model_term {
    model_term(model_life& of, const replication::won_term& won);

    replication::replicated_log log;
    journal::wake_signal signal;
    journal::lane lane;
    std::optional<journal::committer> committer;  ///< once the accounts are open
    virtual_signal progress;                      ///< something is durable, or the term is over
    virtual_signal work;                          ///< something is to be made durable
    bool is_over = false;
    bool is_stepping_down = false;
    bool has_beats = false;
};

class model_life : public std::enable_shared_from_this<model_life> {
public:
    explicit model_life(model_node& of);

    void begin();
    [[nodiscard]] bool has_ended() const noexcept { return process->has_ended; }
    void handle(const posting_request& asked,
                const std::function<void(const posting_reply&)>& reply);

    model_node& node;
    model_cluster& cluster;
    virtual_world& world;
    const virtual_world::life process = std::make_shared<process_life>();
    simulated_store::link link;
    memory_log files;
    leadership rights;
    planted_store store;
    std::unique_ptr<coffer::ledger> ledger;
    std::shared_ptr<model_term> term;  ///< while it leads

    [[nodiscard]] replication::replicated_log::settings log_settings(
        const replication::won_term& won);

private:
    struct kept_key {
        model_history::state made;
        journal::lane_ticket ticket = 0;  ///< of `in`
        std::weak_ptr<model_term> in;     ///< empty: it was replayed
    };

    void run();
    void follow();
    void recover();
    bool find_place();
    void catch_up();
    void take(const std::vector<replication::log_entry>& entries);
    [[nodiscard]] std::optional<replication::won_term> take_over(replication::campaign& standing);
    [[nodiscard]] std::optional<replication::won_term> take_over_by_reading();
    void note_key(const journal::record& one);

    void lead(const replication::won_term& won, replication::campaign& standing);
    void open_accounts(model_term& mine);
    void open_some(model_term& mine, account_number first, account_number last, bool more_follow);
    bool turn(model_term& mine);
    bool idle(model_term& mine);
    void beat(model_term& mine);
    void trim(model_term& mine);
    void take_snapshot(model_term& mine);
    void take_snapshot_of_accounts();
    bool hand_over(model_term& mine);
    bool deny_what_is_absent(model_term& mine);

    [[nodiscard]] posting_reply post(const posting_request& asked,
                                     const std::shared_ptr<model_term>& mine);
    [[nodiscard]] posting_reply show(const posting_request& asked,
                                     const std::shared_ptr<model_term>& mine);
    [[nodiscard]] bool wait_durable(model_term& mine, journal::lane_ticket ticket);

    replication::log_reader reader_;
    std::unique_ptr<journal::replayer> replay_;
    std::map<std::string, kept_key> keys_;
    bool denies_ = false;         // of a planted fault: what is not durable counts as refused
    bool waits_no_more_ = false;  // likewise: release does not wait
};

}  // namespace coffer::test
