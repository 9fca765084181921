// Nodes of a replicated ledger in a virtual world: the real reader, campaign, log, committer and
// replay, over a simulated store, with files that a power cut can shorten.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <coffer/ledger.hpp>

#include "journal/memory_log.hpp"
#include "ops/ledger_id.hpp"
#include "replication/log_keys.hpp"
#include "replication/model_history.hpp"
#include "replication/simulated_store.hpp"
#include "replication/virtual_world.hpp"

namespace coffer::test {

/// What is left out or done wrong on purpose.
enum class planted : std::uint8_t {
    nothing,
    no_comparison_of_the_leader,
    no_comparison_of_the_place,
    no_comparison_of_the_entry_before,
    retry_at_the_next_place,
    absent_means_not_applied,
    read_as_the_barrier,
    lease_from_the_answer,
    lease_from_keepalives,
    no_wait_at_takeover,
    acknowledges_without_an_answer,
    copy_ahead_of_the_log,
    snapshot_ahead_of_the_journal,
    accounts_ahead_of_the_log,
    forgets_keys,
    releases_at_once,
};

struct posting_request {
    std::string key;  ///< empty: it asks for the balance
    account_number account = 0;
    std::int64_t amount = 0;
};
struct posting_reply {
    enum class kind : std::uint8_t { none, done, elsewhere, not_now, refused };
    kind what = kind::none;
    model_history::state shown{};
};

class model_node;

class model_cluster {
public:
    static constexpr std::size_t nodes = 3;
    static constexpr account_number accounts = 4;

    struct settings {
        planted fault = planted::nothing;
        bool reads_by_barrier = false;  ///< and clocks that agree on nothing
        bool read_leases_differ = false;
    };

    model_cluster(virtual_world& in, settings chosen);
    ~model_cluster();

    virtual_world& world;
    const settings chosen;
    const replication::log_keys keys{"model"};
    simulated_store store;
    model_history history;
    /// The first node that wanted to begin the log has chosen it.
    ledger_id ledger{};

    [[nodiscard]] model_node& node(std::size_t index) { return *nodes_[index]; }
    /// The node whose key it is that leads; null if there is none.
    [[nodiscard]] model_node* leader();
    /// The batches that are in the log, in order.
    [[nodiscard]] const std::vector<std::string>& logged() const noexcept { return logged_; }
    /// Checks that a node's files have nothing that the log has not.
    void check_copy(const std::string& name, const memory_batches& files);

    std::size_t terms = 0;
    std::size_t handovers = 0;
    std::size_t trims = 0;
    std::size_t catch_ups = 0;

private:
    void check(const store_state::change& one);

    std::uint64_t last_entry_ = 0;
    std::uint64_t last_term_ = 0;
    bool has_entries_ = false;
    journal::batch_position end_;
    std::vector<std::string> logged_;
    std::vector<std::unique_ptr<model_node>> nodes_;
};

}  // namespace coffer::test
