// Nodes with files and ledgers of their own, over one store: a standby, a follower, and the leader
// that it becomes.
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "catch.hpp"
#include "engine/data_directory.hpp"
#include "engine/engine.hpp"
#include "engine/initial_accounts.hpp"
#include "replication/begin_log.hpp"
#include "replication/first_accounts.hpp"
#include "replication/follower.hpp"
#include "replication/leading.hpp"
#include "replication/node_identity.hpp"
#include "replication/scripted_store.hpp"
#include "replication/standby.hpp"
#include "snapshot/temporary_directory.hpp"

using coffer::engine;
using coffer::leadership;
using coffer::money;
using coffer::node_role;
using coffer::teller;
using namespace coffer::replication;
using namespace std::chrono_literals;

namespace {

/// For several threads.
class shared_store final : public key_value_store {
public:
    answer<transaction_result> transact(const transaction& asked, timeout within) override {
        const std::lock_guard lock{guard_};
        return store.transact(asked, within);
    }
    answer<range_result> read(const key_range& asked, timeout within, bool may_be_old) override {
        const std::lock_guard lock{guard_};
        return store.read(asked, within, may_be_old);
    }
    answer<granted_lease> grant_lease(std::chrono::seconds time, timeout within) override {
        const std::lock_guard lock{guard_};
        return store.grant_lease(time, within);
    }
    answer<granted_lease> keep_alive(std::int64_t lease, timeout within) override {
        const std::lock_guard lock{guard_};
        return store.keep_alive(lease, within);
    }
    answer<std::int64_t> revoke_lease(std::int64_t lease, timeout within) override {
        const std::lock_guard lock{guard_};
        return store.revoke_lease(lease, within);
    }
    bool wait_for_change(const std::string&, std::int64_t, timeout) override { return false; }

    coffer::test::scripted_store store;

private:
    std::mutex guard_;
};

replication_options options_of(const std::string& name) {
    replication_options chosen;
    chosen.ledger = "bank";
    chosen.node = name;
    chosen.advertise = "http://" + name;
    chosen.read_lease = 60ms;
    chosen.beat = 10ms;
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
        standby_->checkpoints().abandon();
        follower_.emplace(store, options_, ledger, *standby_, rights);
    }
    ~node() {
        beats.reset();
        static_cast<void>(engine_.close());
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
        auto made = std::make_unique<replicated_log>(
            store_, log_keys{options_.ledger}, *files_.log, rights,
            replicated_log::settings{
                .node = options_.node, .term = term, .read_lease = options_.read_lease});
        log = made.get();
        rights.become(node_role::leader);
        beats.emplace(*log, follower_->won(), term, options_);
        if (term.barrier.is_opening && !is_interrupted)
            last = open_first_accounts(*log, engine_.ledger(), accounts, last, [] { return true; });
        engine::journal_options chosen;
        chosen.journal_end = last;
        engine_.lead(std::move(made), std::move(chosen));
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

    void step_down() {
        REQUIRE(engine_.close());
        beats->hand_over(std::chrono::steady_clock::now() + 10s);
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

}  // namespace

TEST_CASE("node: the first leader opens the accounts, and others have them then", "[replication]") {
    two_directories all;
    node leader{all.store, "a", all.first, all.ledger};
    const won_term term = leader.win();
    REQUIRE(term.barrier.is_opening);
    leader.lead(term, coffer::initial_accounts::sample());
    REQUIRE(leader.deposit(10001, "k") == cents(100'100));
    REQUIRE_FALSE(leader.log->reached().is_opening);

    node standby{all.store, "b", all.second, all.ledger};
    REQUIRE_FALSE(standby.follow([&] {
        return standby.rights.applied().record == 11 &&
               standby.rights.applied().at_end.count() != 0;
    }));
    REQUIRE(standby.balance(10001) == cents(100'100));
    REQUIRE(standby.rights.leader_url() == "http://a");
    REQUIRE(standby.rights.age() < 60s);
    REQUIRE_FALSE(standby.rights.may_answer());
}

TEST_CASE("node: an opening of accounts that was broken off is gone on with", "[replication]") {
    two_directories all;
    {
        node leader{all.store, "a", all.first, all.ledger};
        leader.lead(leader.win(), coffer::initial_accounts::none(), true);
        leader.step_down();
    }
    node next{all.store, "b", all.second, all.ledger};
    const won_term term = next.win();
    REQUIRE(term.barrier.is_opening);
    next.lead(term, coffer::initial_accounts::sample());
    REQUIRE(next.deposit(10001, "k") == cents(100'100));
}

TEST_CASE("node: who is handed over to need not wait, and knows the keys", "[replication]") {
    two_directories all;
    node first{all.store, "a", all.first, all.ledger};
    first.lead(first.win(), coffer::initial_accounts::sample());
    REQUIRE(first.deposit(10001, "once") == cents(100'100));
    first.step_down();
    node second{all.store, "b", all.second, all.ledger};
    const won_term term = second.win();
    REQUIRE(term.was_handed_over);
    second.lead(term, coffer::initial_accounts::sample());
    REQUIRE(second.deposit(10001, "once") == cents(100'100));
    REQUIRE(second.deposit(10001, "twice") == cents(100'200));
}

TEST_CASE("node: begins again from its own files, and reads what is new alone", "[replication]") {
    two_directories all;
    {
        node first{all.store, "a", all.first, all.ledger};
        first.lead(first.win(), coffer::initial_accounts::sample());
        first.deposit(10001, "k");
        first.step_down();
    }
    {
        node second{all.store, "b", all.second, all.ledger};
        second.lead(second.win(), coffer::initial_accounts::sample());
        second.deposit(10001, "other");
        second.step_down();
    }
    node again{all.store, "a", all.first, all.ledger};
    REQUIRE(again.balance(10001) == cents(100'100));
    const won_term term = again.win();
    REQUIRE_FALSE(term.barrier.is_opening);
    REQUIRE(again.balance(10001) == cents(100'200));
    again.lead(term, coffer::initial_accounts::none());
    REQUIRE(again.deposit(10001, "k") == cents(100'100));  // as it was answered
    REQUIRE(again.deposit(10001, "next") == cents(100'300));
}

TEST_CASE("node: reports as synced what its files have", "[replication]") {
    two_directories all;
    node first{all.store, "a", all.first, all.ledger};
    first.lead(first.win(), coffer::initial_accounts::sample());
    first.deposit(10001, "k");
    node standby{all.store, "b", all.second, all.ledger};
    REQUIRE_FALSE(standby.follow([&] {
        const node_report now = standby.following().report();
        return now.synced_record == 11 && now.synced_entry == first.log->reached().number;
    }));
}

TEST_CASE("node: a store that was wiped, or is another's, is refused", "[replication]") {
    two_directories all;
    node one{all.store, "a", all.first, random_ledger()};
    REQUIRE_THROWS_WITH(one.win(), coffer::test::Contains("etcd has another ledger as 'bank'"));
    shared_store empty;
    node other{empty, "b", all.second, all.ledger};
    REQUIRE_THROWS_WITH(other.win(), coffer::test::Contains("etcd has no ledger 'bank'"));
}
