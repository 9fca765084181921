#include <fstream>
#include <string>
#include <thread>

#include "replication/whole_node.hpp"
#include "snapshot/accounts_reader.hpp"

using namespace whole_node;

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

TEST_CASE("node: an idle leader beats thrice in a read lease, also in a short one",
          "[replication]") {
    two_directories all;
    node leader{all.store, "a", all.first, all.ledger};
    leader.lead(leader.win(), coffer::initial_accounts::sample());
    const int before = all.store.transactions();
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (all.store.transactions() < before + 3) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        std::this_thread::sleep_for(1ms);
    }
}

TEST_CASE("node: a standby at the log's end asks for a hint of the next entry, and trusts none",
          "[replication]") {
    two_directories all;
    node first{all.store, "a", all.first, all.ledger};
    first.lead(first.win(), coffer::initial_accounts::sample());
    node standby{all.store, "b", all.second, all.ledger};
    all.store.knows_of_changes = GENERATE(false, true);
    const auto begin = std::chrono::steady_clock::now();
    const auto asked = [&] { return static_cast<std::int64_t>(all.store.waited_for.size()); };
    REQUIRE_FALSE(standby.follow([&] { return asked() == 5; }));
    // It is not asked again and again where it comes too early.
    REQUIRE(std::chrono::steady_clock::now() - begin >= 4 * 50ms);
    const auto [key, revision] = all.store.waited_for.back();
    REQUIRE(key == log_keys{"bank"}.entry(first.log->reached().number + 1));
    REQUIRE(revision == all.store.read({key}, 1000ms, false).value.revision);
    first.deposit(10001, "k");
    REQUIRE_FALSE(standby.follow([&] { return standby.rights.applied().record == 11; }));
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
