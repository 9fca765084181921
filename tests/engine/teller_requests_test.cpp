// What a teller leaves behind where it does nothing, and what its results wait for.
#include <array>
#include <optional>
#include <set>
#include <vector>

#include "catch.hpp"
#include "core/in_threads.hpp"
#include "engine/engine.hpp"
#include "engine/engine_behind_a_gate.hpp"
#include "engine/initial_accounts.hpp"

using coffer::account_status;
using coffer::errc;
using coffer::leg;
using coffer::money;
using coffer::service;
using coffer::teller;
using coffer::test::engine_behind_a_gate;
using coffer::test::one_cent;
using namespace std::chrono_literals;

namespace {

/// Asks for everything that changes something, with keys, and returns the services.
std::vector<service> ask_for_all(engine_behind_a_gate& bank, coffer::hold_id id) {
    const std::array legs{leg{10001, money::from_minor(-1)}, leg{10002, one_cent}};
    return {
        bank.ask(0, [](teller& t) { return t.open_account(20001, one_cent, "1"); }).service,
        bank.ask(0, [](teller& t) { return t.open_account({}, one_cent, "2"); }).service,
        bank.ask(0, [](teller& t) { return t.close_account(10003, "3"); }).service,
        bank.ask(0, [](teller& t) { return t.reopen_account(10003, "4"); }).service,
        bank.ask(0, [](teller& t) { return t.transfer(10001, 10002, one_cent, "5"); }).service,
        bank.ask(0, [&](teller& t) { return t.transact(legs, "6"); }).service,
        bank.ask(0, [](teller& t) { return t.place_hold(10001, one_cent, 1s, "7"); }).service,
        bank.ask(0, [&](teller& t) { return t.capture_hold(10004, id, {}, "8"); }).service,
        bank.ask(0, [&](teller& t) { return t.release_hold(10004, id, "9"); }).service,
        bank.ask(0, [&](teller& t) { return t.capture_hold(10004, id, {}, {}); }).service,
        bank.ask(0, [&](teller& t) { return t.expire_hold(10004, id); }),
    };
}

}  // namespace

TEST_CASE("teller: without room for a record nothing is done, and no key is kept", "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    // Its time has come, but there is no room for its expiry.
    const auto id =
        bank.ask_and_wait([](teller& t) { return t.place_hold(10004, one_cent, 1ns, {}); }).hold.id;
    bank.log().room = false;
    for (const service found : ask_for_all(bank, id))
        CHECK(found == service::disk_full);
    CHECK(bank.engine().keys().keys() == 0);
    CHECK(bank.engine().ledger().size() == 10);
    CHECK(bank.engine().ledger().holds() == 1);
    CHECK(bank.engine().ledger().find_hold(10004, id).hold.status == coffer::hold_status::held);
    for (const coffer::account_number account : {10001U, 10002U, 10003U})
        CHECK(bank.engine().ledger().balance(account).posting.sequence == 1);
    bank.log().room = true;
    CHECK(bank.ended().records().size() == 1);
}

TEST_CASE("teller: before the ledger is open, nothing is done", "[engine]") {
    coffer::engine engine{coffer::engine::options{}};
    teller& one = engine.teller_at(0);
    CHECK(one.open_account({}, {}, {}).service == service::not_open);
    CHECK(one.account(10001).service == service::not_open);
    CHECK(one.find_hold(10001, {}).service == service::not_open);
    CHECK(one.place_hold(10001, one_cent, {}, "k").service == service::not_open);
    CHECK(one.expire_hold(10001, {}) == service::not_open);
}

TEST_CASE("teller: what an account or a hold shows is waited for", "[engine]") {
    engine_behind_a_gate bank;
    const auto placed =
        bank.ask(0, [](teller& t) { return t.place_hold(10001, one_cent, {}, {}); });
    REQUIRE(placed.is_done());
    const auto waits = [&bank](const auto& what) {
        static_cast<void>(bank.ask(1, what));
        return bank.due != 0 && !bank.teller_at(1).is_durable(bank.due);
    };
    CHECK(waits([](teller& t) { return t.account(10001); }));
    CHECK_FALSE(waits([](teller& t) { return t.account(10002); }));
    CHECK(waits([&](teller& t) { return t.find_hold(10001, placed.hold.id); }));
    CHECK_FALSE(waits([](teller& t) { return t.find_hold(10001, {7, 7}); }));
    CHECK(waits([](teller& t) { return t.close_account(10001, {}); }));
    CHECK(waits([&](teller& t) {
        return t.capture_hold(10001, placed.hold.id, {.amount = money::from_minor(2)}, {});
    }));
    bank.held().open();
    bank.wait_until_durable(1, bank.teller_at(1).latest());
    CHECK_FALSE(waits([&](teller& t) { return t.find_hold(10001, placed.hold.id); }));
}

TEST_CASE("teller: an opening without a number takes the next after the highest", "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    const auto open = [&bank](std::optional<coffer::account_number> number) {
        return bank.ask_and_wait([&](teller& t) { return t.open_account(number, {}, {}); });
    };
    CHECK(open({}).account.account == 100001);
    CHECK(open(UINT64_MAX - 1).is_done());
    CHECK(open({}).account.account == UINT64_MAX);
    const auto none = open({});
    CHECK(none.error == errc::already_open);
    CHECK(none.decided_by.account == UINT64_MAX);
}

TEST_CASE("teller: openings without a number that race all get one of their own", "[engine]") {
    constexpr std::size_t each = 2000;
    coffer::engine engine{coffer::engine::options{.tellers = 3}};
    engine.open(coffer::initial_accounts::sample().open_in_memory());
    std::array<std::vector<coffer::account_number>, 3> opened;
    coffer::tests::in_threads(3, [&](std::size_t who) {
        for (std::size_t i = 0; i != each; ++i)
            opened[who].push_back(
                engine.teller_at(who).open_account({}, one_cent, {}).account.account);
    });
    std::set<coffer::account_number> all;
    for (const auto& some : opened)
        all.insert(some.begin(), some.end());
    CHECK(all.size() == 3 * each);
    CHECK(*all.begin() == 100001);
    CHECK(*all.rbegin() == 100000 + 3 * each);
}

TEST_CASE("teller: a refusal names the account that it is about", "[engine]") {
    engine_behind_a_gate bank;
    bank.held().open();
    REQUIRE(bank.ask_and_wait([](teller& t) { return t.open_account(20001, {}, {}); }).is_done());
    REQUIRE(bank.ask_and_wait([](teller& t) { return t.close_account(20001, {}); }).is_done());
    const auto id =
        bank.ask_and_wait([](teller& t) { return t.place_hold(10004, one_cent, {}, {}); }).hold.id;
    const auto about = [&bank](const auto& what) {
        return bank.ask_and_wait(what).decided_by.account;
    };
    const std::array to_closed{leg{10001, money::from_minor(-1)}, leg{20001, one_cent}};
    const std::array to_nobody{leg{77, one_cent}, leg{10001, money::from_minor(-1)}};
    const std::array too_much{leg{10001, money::from_minor(-100'001)},
                              leg{10002, money::from_minor(100'001)}};
    CHECK(about([&](teller& t) { return t.transact(to_closed, {}); }) == 20001);
    CHECK(about([&](teller& t) { return t.transact(to_nobody, {}); }) == 77);
    CHECK(about([&](teller& t) { return t.transact(too_much, {}); }) == 10001);
    CHECK(about([](teller& t) { return t.transfer(10001, 20001, one_cent, {}); }) == 20001);
    CHECK(about([](teller& t) { return t.transfer(10001, 78, one_cent, {}); }) == 78);
    CHECK(about([&](teller& t) { return t.capture_hold(10004, id, {.payee = 20001}, {}); }) ==
          20001);
    CHECK(about([&](teller& t) { return t.capture_hold(10004, id, {.payee = 79}, {}); }) == 79);
    const auto closed = bank.ask_and_wait([](teller& t) { return t.account(20001); });
    CHECK(closed.account.status == account_status::closed);
    CHECK(closed.account.sequence == 2);
}
