#include "api/problem.hpp"

#include <boost/json/parse.hpp>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "api/problem_messages.hpp"
#include "api/reply.hpp"
#include "catch.hpp"

using coffer::errc;
using coffer::money_error;
using coffer::api::describe;
using coffer::api::problem;
using coffer::api::problem_of;

TEST_CASE("problem_of: every refusal of the ledger has its status and type", "[api]") {
    const auto told = [](errc refusal) {
        const auto& row = describe(problem_of(refusal));
        return std::to_string(row.status) + " " + std::string{row.type};
    };
    CHECK(problem_of(errc::ok) == problem::none);
    CHECK(told(errc::no_such_account) == "404 no_such_account");
    CHECK(told(errc::invalid_amount) == "400 invalid_amount");
    CHECK(told(errc::insufficient_funds) == "400 insufficient_funds");
    CHECK(told(errc::balance_overflow) == "400 invalid_amount");
    CHECK(told(errc::ledger_full) == "503 unavailable");
    CHECK(told(errc::sequence_exhausted) == "400 sequence_exhausted");
    CHECK(told(errc::already_open) == "409 account_exists");
    CHECK(told(errc::same_account) == "400 same_account");
    CHECK(told(errc::account_closed) == "409 account_closed");
    CHECK(told(errc::account_not_empty) == "409 account_not_empty");
    CHECK(told(errc::account_not_closed) == "409 account_open");
    CHECK(told(errc::unbalanced) == "400 unbalanced");
    CHECK(told(errc::too_few_legs) == "400 too_few_postings");
    CHECK(told(errc::too_many_legs) == "400 too_many_postings");
    CHECK(told(errc::no_such_hold) == "404 no_such_hold");
    CHECK(told(errc::hold_ended) == "409 hold_ended");
    CHECK(told(errc::hold_exceeded) == "400 hold_exceeded");
}

TEST_CASE("problem_of: every unreadable amount is an invalid_amount", "[api]") {
    CHECK(problem_of(money_error::none) == problem::none);
    for (const money_error reason :
         {money_error::not_a_number, money_error::too_many_decimals, money_error::out_of_range}) {
        CHECK(describe(problem_of(reason)).status == 400);
        CHECK(describe(problem_of(reason)).type == "invalid_amount");
    }
}

TEST_CASE("reply: every problem is told in the same envelope", "[api]") {
    coffer::api::reply reply;
    for (int i = 1; i <= static_cast<int>(problem::internal_error); ++i) {
        const auto one = static_cast<problem>(i);
        reply.refuse(one);
        const auto& info = describe(one);
        CAPTURE(info.type);
        CHECK(reply.status() == info.status);
        CHECK(reply.status() >= (one == problem::leader_elsewhere ? 307 : 400));
        CHECK((reply.field("Retry-After") == "1") ==
              (info.status == 503 || info.status == 429 || one == problem::request_in_progress));
        const auto body = boost::json::parse(std::string{reply.body()}).as_object();
        CHECK(body.at("success") == false);
        CHECK(body.at("error").at("type").as_string() == std::string{info.type});
        CHECK(body.at("error").at("message").as_string() == std::string{info.message});
        CHECK(body.at("code") == info.status);
    }
}

TEST_CASE("describe: names etcd beside the disk where the ledger is replicated, and there alone",
          "[api]") {
    const auto messages = [] {
        std::vector<std::string> all;
        for (int i = 1; i <= static_cast<int>(problem::internal_error); ++i)
            all.emplace_back(describe(static_cast<problem>(i)).message);
        return all;
    };
    const auto alone = messages();
    coffer::api::name_etcd_in_messages(true);
    const auto replicated = messages();
    const auto unknown = describe(problem::outcome_unknown);
    coffer::api::name_etcd_in_messages(false);
    CHECK(messages() == alone);
    CHECK(unknown.status == 503);
    CHECK(unknown.type == "outcome_unknown");
    std::size_t others = 0;
    for (std::size_t i = 0; i != alone.size(); ++i) {
        CHECK(alone[i].find("etcd") == std::string::npos);
        others += alone[i] != replicated[i] ? 1 : 0;
        if (alone[i].starts_with("the disk "))
            CHECK(replicated[i].starts_with("etcd or the disk "));
    }
    CHECK(others == 3);
}

TEST_CASE("reply: no problem outgrows the memory that a reply has from the start", "[api]") {
    coffer::api::reply reply;
    const char* const memory = reply.body().data();
    for (int i = 1; i <= static_cast<int>(problem::internal_error); ++i)
        reply.refuse(static_cast<problem>(i));
    reply.posted({18446744073709551615U, 1, coffer::money::from_minor(9223372036854775807)},
                 "new_balance");
    CHECK(reply.body().data() == memory);
    CHECK(reply.body() == R"({"success":true,"data":{"account_number":"18446744073709551615",)"
                          R"("new_balance":92233720368547758.07},"code":200})");
}

TEST_CASE("problem: the tables of the folder's page have every status and type, and no others",
          "[api]") {
    std::set<std::string> in_code;
    for (int i = 1; i <= static_cast<int>(problem::internal_error); ++i) {
        const auto& info = describe(static_cast<problem>(i));
        in_code.insert(std::to_string(info.status) + " " + std::string{info.type});
    }
    std::set<std::string> on_page;
    std::ifstream page{COFFER_API_PAGE};
    REQUIRE(page);
    const std::regex row{R"(\| ([345]\d\d) \| `(\w+)` \|.*)"};
    for (std::string line; std::getline(page, line);)
        if (std::smatch found; std::regex_match(line, found, row))
            CHECK(on_page.insert(found[1].str() + " " + found[2].str()).second);
    CHECK(on_page == in_code);
}
