// Nodes with files and ledgers of their own, over one store: a standby, a follower, and the leader
// that it becomes.
#include <atomic>
#include <fstream>
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
#include "replication/one_node.hpp"
#include "replication/scripted_store.hpp"
#include "replication/standby.hpp"
#include "snapshot/accounts_reader.hpp"
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
    bool wait_for_change(const std::string&, std::int64_t, timeout) override { return false; }

    [[nodiscard]] static bool is_entry(const transaction& asked) {
        return log_keys{"bank"}.entry_number(asked.success[0].range.key).has_value();
    }

    coffer::test::scripted_store store;
    std::atomic<bool> holds_an_entry{false};  // the next one, until is_held is set to false
    std::atomic<bool> is_held{false};
    std::mutex guard;  // of store
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
        auto made = std::make_unique<replicated_log>(
            store_, log_keys{options_.ledger}, *files_.log, rights,
            replicated_log::settings{
                .node = options_.node, .term = term, .read_lease = options_.read_lease});
        log = made.get();
        rights.become(node_role::leader);
        beats.emplace(store_, *log, follower_->won(), term, options_);
        if (term.barrier.is_opening && !is_interrupted)
            last = open_first_accounts(*log, engine_, accounts, last, [] { return true; });
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

TEST_CASE("node: sends no client to itself by a key that it has left", "[replication]") {
    two_directories all;
    node again{all.store, "a", all.first, all.ledger};
    const auto is_known_as = [&](const char* leader) {
        transaction asked;
        asked.success = {operation::put(log_keys{"bank"}.leader(), leader)};
        REQUIRE(all.store.transact(asked, 1000ms));
        std::string url;
        int looks = 0;
        const auto begin = std::chrono::steady_clock::now();
        REQUIRE_FALSE(again.follow([&] {
            url = again.rights.leader_url();
            // It looks each 100 ms.
            return ++looks > 2 && std::chrono::steady_clock::now() - begin > 300ms;
        }));
        return url;
    };
    REQUIRE(is_known_as(R"({"node":"a","url":"http://elsewhere"})").empty());
    REQUIRE(is_known_as(R"({"node":"other","url":"http://a"})").empty());
    REQUIRE(is_known_as(R"({"node":"b","url":"http://b"})") == "http://b");
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

TEST_CASE("node: an account is in the ledger, and in a snapshot, only once the log has it",
          "[replication]") {
    two_directories all;
    constexpr std::uint64_t count = 60'000;  // more than an entry takes
    const auto file = all.folder.path() / "accounts.json";
    {
        std::ofstream out{file};
        out << R"({"accounts":[)";
        for (std::uint64_t i = 1; i <= count; ++i)
            out << (i == 1 ? "\n" : ",\n") << R"({"account_number":")" << i
                << R"(","balance":1.0})";
        out << "\n]}\n";
    }
    node leader{all.store, "a", all.first, all.ledger};
    const won_term term = leader.win();
    int batches = 0;
    all.store.store.on_transaction = [&](const transaction& asked) {
        if (!shared_store::is_entry(asked) || leader.log == nullptr)
            return;
        ++batches;
        const std::size_t accounts = leader.books().ledger().size();
        CHECK(accounts == leader.log->reached().after.next_record - 1);
        const auto in_a_snapshot = leader.books().barrier();
        CHECK((!in_a_snapshot || accounts == *in_a_snapshot));
    };
    leader.lead(term, coffer::initial_accounts::from_file(file));
    {
        const std::lock_guard lock{all.store.guard};  // its beats go on
        all.store.store.on_transaction = {};
    }
    CHECK(batches > 1);
    REQUIRE(leader.books().ledger().size() == count);
    REQUIRE(leader.books().barrier() == count);
}

TEST_CASE("node: of a file of accounts that is wrong nothing is in the log", "[replication]") {
    two_directories all;
    const auto file = all.folder.path() / "accounts.json";
    std::ofstream{file} << R"({"accounts":[{"account_number":"7","balance":1.0},{"balance":1}]})";
    node leader{all.store, "a", all.first, all.ledger};
    const won_term term = leader.win();
    REQUIRE_THROWS_AS(leader.lead(term, coffer::initial_accounts::from_file(file)),
                      coffer::snapshot::accounts_error);
    REQUIRE(coffer::test::entries_in(all.store.store) == 2);
}

TEST_CASE("node: a key of the last batch that a snapshot has is known after a restart",
          "[replication]") {
    two_directories all;
    node first{all.store, "a", all.first, all.ledger};
    first.lead(first.win(), coffer::initial_accounts::sample());
    REQUIRE(first.deposit(10001, "once") == cents(100'100));
    {
        node standby{all.store, "b", all.second, all.ledger};
        REQUIRE_FALSE(standby.follow([&] { return standby.rights.applied().record == 11; }));
        standby.take_snapshot();
    }
    first.step_down();
    node second{all.store, "b", all.second, all.ledger};
    second.lead(second.win(), coffer::initial_accounts::none());
    REQUIRE(second.deposit(10001, "once") == cents(100'100));
    REQUIRE(second.deposit(10001, "twice") == cents(100'200));
}

TEST_CASE("node: nothing is released while the journal's thread may still append",
          "[replication]") {
    two_directories all;
    node leader{all.store, "a", all.first, all.ledger};
    leader.lead(leader.win(), coffer::initial_accounts::sample());
    all.store.holds_an_entry = true;
    leader.begin_deposit(10001);
    while (!all.store.is_held)
        std::this_thread::sleep_for(1ms);
    REQUIRE_FALSE(leader.hand_over_at_once());
    CHECK(all.store.store.state.find(log_keys{"bank"}.leader()) == nullptr);
    all.store.is_held = false;
    static_cast<void>(leader.books().close());
    CHECK(coffer::test::entries_in(all.store.store) == 3);  // not the deposit, and no release
}

TEST_CASE("node: the lease of a key is renewed before there is a log to append to",
          "[replication]") {
    two_directories all;
    node leader{all.store, "a", all.first, all.ledger};
    won_term term = leader.win();
    term.lease_time = 3s;
    const auto renewals = [&all] {
        const std::lock_guard lock{all.store.guard};
        return all.store.store.kept_alive;
    };
    const int before = renewals();
    const repeated_call renewal = renew_lease(all.store, term, 1000ms);
    while (renewals() == before)
        std::this_thread::sleep_for(1ms);
}
