#include "engine/teller.hpp"

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "catch.hpp"
#include "engine/engine.hpp"
#include "engine/engine_behind_a_gate.hpp"
#include "engine/initial_accounts.hpp"
#include "engine/recovery.hpp"

using coffer::engine;
using coffer::errc;
using coffer::money;
using coffer::posting_result;
using coffer::service;
using coffer::teller;
using coffer::test::engine_behind_a_gate;
using coffer::test::one_cent;
using namespace std::chrono_literals;

TEST_CASE("teller: before the ledger is open, says so", "[engine]") {
    coffer::engine engine{engine::options{}};
    teller& one = engine.teller_at(0);
    {
        const teller::turn turn{one};
        CHECK(one.deposit(10001, one_cent, {}).service == service::not_open);
        CHECK(one.balance(10001).service == service::not_open);
        CHECK(one.find(10001).service == service::not_open);
        CHECK_FALSE(one.was_full());
    }
    engine.open(coffer::initial_accounts::sample().open_in_memory());
    const teller::turn turn{one};
    CHECK(one.deposit(10001, one_cent, {}).outcome.posting.balance == money::from_minor(100'001));
    CHECK(one.due() == 0);
}

TEST_CASE("teller: a posting is due until it is in the log", "[engine]") {
    engine_behind_a_gate bank;
    CHECK(bank.deposit(0).outcome.posting.sequence == 2);
    const auto due = bank.due;
    CHECK(due != 0);
    std::this_thread::sleep_for(5ms);
    CHECK_FALSE(bank.teller_at(0).is_durable(due));
    bank.held().open();
    bank.wait_until_durable(0, due);
    const auto records = bank.ended().records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].state.balance == money::from_minor(100'001));
}

TEST_CASE("teller: a balance waits for the posting that it shows, and no other", "[engine]") {
    engine_behind_a_gate bank;
    bank.balance(1);
    CHECK(bank.due == 0);
    bank.deposit(0);
    CHECK(bank.balance(1).outcome.posting.balance == money::from_minor(100'001));
    const auto due = bank.due;
    CHECK_FALSE(bank.teller_at(1).is_durable(due));
    bank.balance(1, 10002);
    CHECK(bank.due == 0);
    bank.balance(1, 77);
    CHECK(bank.due == 0);
    bank.held().open();
    bank.wait_until_durable(1, due);
    bank.balance(1);
    CHECK(bank.due == 0);
}

TEST_CASE("teller: a refusal waits for the posting that it was decided by", "[engine]") {
    engine_behind_a_gate bank;
    CHECK(bank.withdraw_too_much(1).outcome.error == errc::insufficient_funds);
    CHECK(bank.due == 0);
    bank.deposit(0);
    bank.withdraw_too_much(1);
    const auto due = bank.due;
    CHECK_FALSE(bank.teller_at(1).is_durable(due));
    bank.held().open();
    bank.wait_until_durable(1, due);
    CHECK(bank.ended().records().size() == 1);
}

TEST_CASE("teller: with a key a request is done once, by whatever teller", "[engine]") {
    engine_behind_a_gate bank;
    const posting_result first = bank.deposit(0, "k");
    const auto due = bank.due;
    CHECK_FALSE(first.replayed);
    CHECK(bank.deposit(1, "k").service == service::request_in_progress);
    bank.held().open();
    bank.wait_until_durable(0, due);
    const posting_result again = bank.deposit(1, "k");
    CHECK(again.replayed);
    CHECK(again.outcome.error == errc::ok);
    CHECK(again.outcome.posting.account == 10001);
    CHECK(again.outcome.posting.balance == first.outcome.posting.balance);
    CHECK(bank.due == 0);
    CHECK(bank.withdraw_too_much(1, "k").service == service::key_reused);
    CHECK(bank.engine().ledger().balance(10001).posting.balance == money::from_minor(100'001));
    CHECK(bank.ended().records().size() == 1);
}

TEST_CASE("teller: a refusal with a key is a record too, and is repeated", "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    CHECK(bank.withdraw_too_much(0, "k").outcome.error == errc::insufficient_funds);
    CHECK(bank.due != 0);
    bank.wait_until_durable(0, bank.due);
    for (int i = 0; i != 2; ++i)
        bank.ask(
            1, [](teller& one) { return one.deposit(10001, money::from_minor(100'000'000), {}); });
    const posting_result again = bank.withdraw_too_much(1, "k");
    CHECK(again.replayed);
    CHECK(again.outcome.error == errc::insufficient_funds);
    const auto nobody =
        bank.ask(0, [](teller& one) { return one.deposit(77, one_cent, "nobody"); });
    CHECK(nobody.outcome.error == errc::no_such_account);
    CHECK(bank.due == 0);
    const auto records = bank.ended().records();
    REQUIRE(records.size() == 3);
    CHECK(records[0].kind == coffer::journal::record_kind::refusal);
}

TEST_CASE("teller: a full disk lets reads go on and refuses postings, which takes no key",
          "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    bank.deposit(0, "before");
    bank.wait_until_durable(0, bank.due);
    bank.log().room = false;
    CHECK(bank.deposit(0, "k").service == service::disk_full);
    CHECK(bank.deposit(0, "before").replayed);
    CHECK(bank.balance(0).outcome.posting.balance == money::from_minor(100'001));
    bank.log().room = true;
    CHECK(bank.deposit(0, "k").outcome.error == errc::ok);
}

TEST_CASE("teller: makes no posting when its lane is full, and makes it when that is durable",
          "[engine]") {
    engine_behind_a_gate bank;
    teller& one = bank.teller_at(0);
    std::size_t made = 0;
    {
        const teller::turn turn{one};
        while (one.deposit(10001, one_cent, {}).service == service::done)
            ++made;
        CHECK(one.was_full());
        CHECK(one.deposit(10001, one_cent, "k").service == service::lane_full);
        // What it shows is not durable, and there is no place to wait for it.
        CHECK(one.balance(10001).service == service::lane_full);
        CHECK(one.balance(10002).service == service::done);
        CHECK(bank.engine().why_no_postings() == service::done);
    }
    one.announce();
    bank.held().open();
    bank.wait_until_durable(0, one.latest());
    {
        const teller::turn turn{one};
        CHECK_FALSE(one.was_full());
        CHECK_FALSE(one.deposit(10001, one_cent, "k").replayed);
        CHECK_FALSE(one.was_full());
    }
    one.announce();
    CHECK(bank.ended().records().size() == made + 1);
}

TEST_CASE("teller: while the disk hangs, postings are refused and safe balances are returned",
          "[engine]") {
    engine_behind_a_gate bank{20ms};
    static_cast<void>(bank.deposit(0, "first"));
    const teller::ticket first = bank.due;
    while (bank.engine().why_no_postings() == service::done)
        bank.teller_at(0).check_disk();
    CHECK(bank.engine().why_no_postings() == service::disk_hangs);
    CHECK(bank.deposit(0, "k").service == service::disk_hangs);
    CHECK(bank.deposit(0, {}).service == service::disk_hangs);
    CHECK(bank.deposit(0, "first").service == service::request_in_progress);
    CHECK(bank.balance(0).service == service::disk_hangs);
    {
        const teller::turn turn{bank.teller_at(0)};
        CHECK(bank.teller_at(0).balance(10002).service == service::done);
    }
    bank.held().open();
    bank.wait_until_durable(0, first);
    CHECK(bank.engine().why_no_postings() == service::done);
    CHECK(bank.deposit(0, "first").replayed);
    CHECK_FALSE(bank.deposit(0, "k").replayed);
}

TEST_CASE("key_recovery: the outcome of a request in the journal is repeated", "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    bank.deposit(0, "paid");
    bank.withdraw_too_much(0, "refused");
    engine next{engine::options{}};
    coffer::key_recovery keys{next.keys()};
    for (const auto& bytes : bank.ended().batches()) {
        const auto batch = coffer::journal::check_batch(bytes).value;
        coffer::journal::visit_records(batch,
                                       [&](const auto& one) { keys.add(one, batch.header.stamp); });
    }
    keys.finish(0);
    next.open(coffer::initial_accounts::sample().open_in_memory());
    teller& one = next.teller_at(0);
    const teller::turn turn{one};
    const posting_result paid = one.deposit(10001, one_cent, "paid");
    CHECK(paid.replayed);
    CHECK(paid.outcome.posting.balance == money::from_minor(100'001));
    CHECK(one.withdraw(10001, money::from_minor(100'000'000), "refused").outcome.error ==
          errc::insufficient_funds);
    CHECK(next.ledger().balance(10001).posting.sequence == 1);
}

TEST_CASE("key_recovery: a field that the first format kept as it stood is known by both readings",
          "[engine]") {
    engine next{engine::options{}};
    coffer::key_recovery keys{next.keys()};
    const auto add = [&keys](std::string_view text) {
        keys.add(
            coffer::journal::record::of_deposit({10001, 2, one_cent}, one_cent, {text, {1, 2}}),
            {.time_ns = 5, .running_ns = 5});
    };
    add(R"(a\"b)");     // of the field "a\"b"
    add(R"("x";p=1)");  // of just that
    add("plain");
    keys.finish(5);
    CHECK(next.keys().keys() == 5);
    for (const std::string_view text : {R"(a\"b)", R"(a"b)", R"("x";p=1)", "x", "plain"})
        CHECK(next.keys().reserve({text, {1, 2}}).verdict() == coffer::key_store::verdict::done);
}

TEST_CASE("teller: counts its postings, and no refusals, without a journal too", "[engine]") {
    coffer::engine engine{coffer::initial_accounts::sample().open_in_memory()};
    teller& one = engine.teller_at(0);
    const teller::turn turn{one};
    CHECK(one.deposit(10001, one_cent, {}).outcome);
    CHECK_FALSE(one.withdraw(10001, money::from_minor(100'000'000), {}).outcome);
    CHECK(one.postings() == 1);
}
