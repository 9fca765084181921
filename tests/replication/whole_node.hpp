// Nodes with files and ledgers of their own, over one store: a standby, a follower, and the leader
// that it becomes.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "engine/data_directory.hpp"
#include "engine/engine.hpp"
#include "engine/initial_accounts.hpp"
#include "replication/begin_log.hpp"
#include "replication/first_accounts.hpp"
#include "replication/follower.hpp"
#include "replication/leading.hpp"
#include "replication/node_identity.hpp"
#include "replication/one_node.hpp"
#include "replication/scripted_store.hpp"
#include "replication/standby.hpp"
#include "snapshot/temporary_directory.hpp"

namespace whole_node {

using coffer::engine;
using coffer::leadership;
using coffer::money;
using coffer::node_role;
using coffer::teller;
using namespace coffer::replication;
using namespace std::chrono_literals;

/// For several threads.
class shared_store final : public key_value_store {
public:
    answer<transaction_result> transact(const transaction& asked, timeout within) override {
        if (is_entry(asked) && holds_an_entry.exchange(false)) {
            is_held = true;
            while (is_held)
                std::this_thread::sleep_for(1ms);
        }
        const std::lock_guard lock{guard};
        return store.transact(asked, within);
    }
    answer<range_result> read(const key_range& asked, timeout within, bool may_be_old) override {
        const std::lock_guard lock{guard};
        return store.read(asked, within, may_be_old);
    }
    answer<granted_lease> grant_lease(std::chrono::seconds time, timeout within) override {
        const std::lock_guard lock{guard};
        return store.grant_lease(time, within);
    }
    answer<granted_lease> keep_alive(std::int64_t lease, timeout within) override {
        const std::lock_guard lock{guard};
        return store.keep_alive(lease, within);
    }
    answer<std::int64_t> revoke_lease(std::int64_t lease, timeout within) override {
        const std::lock_guard lock{guard};
        return store.revoke_lease(lease, within);
    }
    bool wait_for_change(const std::string& key, std::int64_t revision, timeout) override {
        const std::lock_guard lock{guard};
        waited_for.emplace_back(key, revision);
        return knows_of_changes;
    }

    int transactions() {
        const std::lock_guard lock{guard};
        return store.transactions;
    }

    [[nodiscard]] static bool is_entry(const transaction& asked) {
        return log_keys{"bank"}.entry_number(asked.success[0].range.key).has_value();
    }

    coffer::test::scripted_store store;
    std::atomic<bool> holds_an_entry{false};  // the next one, until is_held is set to false
    std::atomic<bool> is_held{false};
    std::mutex guard;  // of store, and of what follows
    /// What hints were asked for: of which key, after which revision.
    std::vector<std::pair<std::string, std::int64_t>> waited_for;
    bool knows_of_changes = false;  // and then there is one at once, where nothing has changed
};

inline replication_options options_of(const std::string& name) {
    replication_options chosen;
    chosen.ledger = "bank";
    chosen.node = name;
    chosen.advertise = "http://" + name;
    chosen.read_lease = 60ms;
    chosen.beat = 1h;  // as the read lease is short, each 20 ms
    return chosen;
}

/// One life of a node.
class node {
public:
    node(shared_store& store, const std::string& name, const coffer::data_directory& directory,
         const coffer::ledger_id& ledger)
        : store_{store},
          options_{options_of(name)},
          files_{directory.journal_store(std::uint64_t{4} << 20, 1)},
          engine_{{.rights = &rights}} {
        if (!files_.store->has_log())
            files_.store->create_copy(ledger)->publish();
        standby_.emplace(engine_, files_, directory.snapshots(),
                         standby::options{.checkpoints = {.every = 0ms}});
        standby_->open();
        follower_.emplace(store, options_, ledger, *standby_, rights);
    }
    ~node() {
        beats.reset();
        static_cast<void>(engine_.close());
        if (standby_)
            standby_->checkpoints().abandon();
    }
    node(const node&) = delete;
    node& operator=(const node&) = delete;

    /// Follows until `holds`, or a term is won.
    std::optional<won_term> follow(const std::function<bool()>& holds) {
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        auto won =
            follower_->run([&] { return holds() || std::chrono::steady_clock::now() > deadline; });
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        return won;
    }
    won_term win() {
        const auto won = follow([] { return false; });
        REQUIRE(won);
        return *won;
    }

    /// Leads in a term that was won.
    void lead(const won_term& term, const coffer::initial_accounts& accounts,
              bool is_interrupted = false) {
        coffer::journal::batch_stamp last = standby_->end();
        made_ = std::make_unique<replicated_log>(
            store_, log_keys{options_.ledger}, *files_.log, rights,
            replicated_log::settings{
                .node = options_.node, .term = term, .read_lease = options_.read_lease});
        log = made_.get();
        rights.become(node_role::leader);
        beats.emplace(store_, *log, follower_->won(), term, options_);
        if (term.barrier.is_opening && !is_interrupted)
            last = open_first_accounts(*log, engine_, accounts, last, [] { return true; });
        engine::journal_options chosen;
        chosen.journal_end = last;
        engine_.lead(std::move(made_), std::move(chosen));
    }

    money deposit(coffer::account_number account, const char* key) {
        teller& at = engine_.teller_at(0);
        std::optional<teller::turn> turn{at};
        const auto made = at.deposit(account, money::from_minor(100), key);
        const auto due = at.due();
        turn.reset();
        at.announce();
        while (!at.is_durable(due))
            std::this_thread::sleep_for(1ms);
        REQUIRE(made.outcome);
        return made.outcome.posting.balance;
    }

    /// As a server does that stops.
    void take_snapshot() {
        REQUIRE(standby_->checkpoints().stop_unless_stuck(60s));
        REQUIRE(standby_->checkpoints().last_was_taken());
    }
    /// Posts, and does not wait.
    void begin_deposit(coffer::account_number account) {
        teller& at = engine_.teller_at(0);
        std::optional<teller::turn> turn{at};
        REQUIRE(at.deposit(account, money::from_minor(100), {}).outcome);
        turn.reset();
        at.announce();
    }
    [[nodiscard]] bool hand_over_at_once() {
        return beats->hand_over(engine_, std::chrono::steady_clock::now(), 10s);
    }

    void step_down() {
        REQUIRE(beats->hand_over(engine_, std::chrono::steady_clock::now() + 10s, 10s));
        rights.become(node_role::standby);
    }

    [[nodiscard]] money balance(coffer::account_number account) {
        return engine_.ledger().balance(account).posting.balance;
    }
    [[nodiscard]] engine& books() { return engine_; }
    [[nodiscard]] follower& following() { return *follower_; }

    leadership rights{node_role::standby};
    replicated_log* log = nullptr;
    std::optional<leading> beats;

private:
    shared_store& store_;
    const replication_options options_;
    local_files files_;
    engine engine_;
    std::unique_ptr<replicated_log> made_;  // until it is the engine's; the beats use it
    std::optional<standby> standby_;
    std::optional<follower> follower_;
};

struct two_directories {
    coffer::test::temporary_directory folder;
    coffer::data_directory first{folder.path() / "a"};
    coffer::data_directory second{folder.path() / "b"};
    shared_store store;
    coffer::ledger_id ledger =
        begin_log(store, log_keys{"bank"}, random_ledger(), "a", 1000ms).value;
};

constexpr money cents(std::int64_t minor) {
    return money::from_minor(minor);
}

}  // namespace whole_node
