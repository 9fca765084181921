// What a token for some accounts gets of lists.
#include <string>
#include <vector>

#include "api/account_list.hpp"
#include "api/event_bank.hpp"
#include "api/event_list.hpp"
#include "api/lines_of.hpp"
#include "catch.hpp"

using coffer::money;
using coffer::teller;
using coffer::api::account_ranges;
using coffer::api::principal;
using coffer::test::lines_of;
using state = coffer::api::body_stream::state;

namespace {

const principal of_two_and_four{.name = "ann",
                                .accounts = account_ranges{{{2, 2}, {4, 4}, {900, 1000}}}};

/// Accounts 1 to 5 with as much money as their numbers, and a client.
struct bank : coffer::test::event_bank {
    bank() {
        for (coffer::account_number one = 1; one <= 5; ++one)
            open(one, static_cast<std::int64_t>(one) * 100);
    }

    std::unique_ptr<coffer::api::body_stream> ask_as(const principal* who,
                                                     coffer::api::endpoint what,
                                                     std::string_view query,
                                                     std::string_view accept = {}) {
        coffer::api::request asked{coffer::api::method::get, {}, {}, {}};
        asked.accept = accept;
        coffer::api::call call{.request = asked, .query = query};
        call.who = who;
        const teller::turn turn{engine.teller_at(0)};
        what(engine.teller_at(0), call, reply);
        return reply.take_stream();
    }
    std::string body_of(const principal* who, coffer::api::endpoint what, std::string_view query,
                        std::string_view accept = {}) {
        const auto stream = ask_as(who, what, query, accept);
        REQUIRE(stream != nullptr);
        std::string body;
        while (pull(*stream, body) != state::done)
            ;
        return body;
    }
    std::string accounts(const principal* who, std::string_view query = {}) {
        return body_of(who, &coffer::api::list_accounts, query);
    }
    std::string events(const principal* who, std::string_view query = {}) {
        return body_of(who, &coffer::api::list_events, query);
    }
};

std::string page(const std::string& accounts, const std::string& next) {
    return R"({"success":true,"data":{"accounts":[)" + accounts + R"(],"next":)" + next +
           R"(},"code":200})";
}

const std::string two = R"({"account_number":"2","balance":2.0})";
const std::string four = R"({"account_number":"4","balance":4.0})";

}  // namespace

TEST_CASE("list_accounts: a page has the accounts in range alone, and pages go on behind them",
          "[api]") {
    bank one;
    CHECK(one.accounts(&of_two_and_four) == page(two + ',' + four, "null"));
    CHECK(one.accounts(&of_two_and_four, "limit=1") == page(two, R"("2")"));
    CHECK(one.accounts(&of_two_and_four, "limit=1&after=2") == page(four, "null"));
    CHECK(one.accounts(&of_two_and_four, "after=4") == page("", "null"));
    const principal of_none{.name = "bob", .accounts = account_ranges{{{6, 10}}}};
    CHECK(one.accounts(&of_none) == page("", "null"));
    const principal of_all{.name = "eve"};
    CHECK(one.accounts(&of_all) == one.accounts(nullptr));
}

TEST_CASE("list_accounts: a stream has the accounts in range, and their number and total alone",
          "[api]") {
    bank one;
    const auto lines = lines_of(
        one.body_of(&of_two_and_four, &coffer::api::list_accounts, {}, "application/x-ndjson"));
    REQUIRE(lines.size() == 4);
    CHECK(((lines[1] == two && lines[2] == four) || (lines[1] == four && lines[2] == two)));
    CHECK(lines[3] == R"({"complete":true,"accounts":2,"total":6.0})");
    const auto all =
        lines_of(one.body_of(nullptr, &coffer::api::list_accounts, {}, "application/x-ndjson"));
    REQUIRE(all.size() == 7);
    CHECK(all[6] == R"({"complete":true,"accounts":5,"total":15.0})");
}

TEST_CASE("list_events: a page has the events in range, with what may be seen of them", "[api]") {
    bank one;
    one.post([](teller& by) { return by.transfer(2, 3, money::from_minor(50), {}).error; });
    one.post([](teller& by) { return by.transfer(1, 3, money::from_minor(50), {}).error; });
    const std::string found = one.events(&of_two_and_four);
    for (const std::string_view record : {R"("record":2,)", R"("record":4,)", R"("record":6,)"})
        CHECK(found.find(record) != std::string::npos);
    for (const std::string_view hidden : {R"("record":1,)", R"("record":3,)", R"("record":7,)",
                                          R"("account_number":"3")", R"("account_number":"1")"})
        CHECK(found.find(hidden) == std::string::npos);
    CHECK(found.find(R"("operation":"transfer","postings":[{"account_number":"2","sequence":2,)"
                     R"("amount":-0.5,"balance":1.5}]})") != std::string::npos);
    CHECK(found.find(R"("next":7})") != std::string::npos);
    // One that is not to be seen takes no place on a page.
    CHECK(one.events(&of_two_and_four, "limit=2&after=2").find(R"("next":6})") !=
          std::string::npos);
}

TEST_CASE("list_events: a stream has the events in range", "[api]") {
    bank one;
    for (const std::string_view form : {"application/x-ndjson", "text/event-stream"}) {
        const auto stream =
            one.ask_as(&of_two_and_four, &coffer::api::list_events, "after=end", form);
        REQUIRE(stream != nullptr);
        std::string body;
        one.deposit(1);
        one.deposit(2);
        one.post([](teller& by) { return by.transfer(1, 4, money::from_minor(1), {}).error; });
        CHECK(one.read(*stream, body) == state::following);
        CHECK(body.find(R"("account_number":"1")") == std::string::npos);
        CHECK(body.find(R"("operation":"deposit")") != std::string::npos);
        CHECK(body.find(R"("postings":[{"account_number":"4",)") != std::string::npos);
    }
}

TEST_CASE("list_events: those of an account out of range are refused, whether there is one or not",
          "[api]") {
    bank one;
    for (const std::string_view query : {"account=3", "account=77"}) {
        CHECK(one.ask_as(&of_two_and_four, &coffer::api::list_events, query) == nullptr);
        CHECK(one.reply.status() == 403);
    }
    CHECK(one.ask_as(&of_two_and_four, &coffer::api::list_events, "account=901") == nullptr);
    CHECK(one.reply.status() == 404);
    CHECK(one.events(&of_two_and_four, "account=2").find(R"("record":2,)") != std::string::npos);
}
