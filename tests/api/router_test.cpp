#include "api/router.hpp"

#include <string>

#include "api/api_under_test.hpp"
#include "catch.hpp"

using coffer::api::method;
using coffer::api::request;
using coffer::test::api_under_test;
using coffer::test::type_of;

TEST_CASE("handle: the three endpoints answer in the contract's words", "[api]") {
    api_under_test api;
    CHECK(api.get("/accounts/10001/balance") ==
          R"({"success":true,"data":{"account_number":"10001","balance":1000.0},"code":200})");
    CHECK(api.post("/accounts/10001/withdraw", R"({"amount":100.0})") ==
          R"({"success":true,"data":{"account_number":"10001","new_balance":900.0},"code":200})");
    CHECK(api.post("/accounts/10001/deposit", R"({"amount":200.0})") ==
          R"({"success":true,"data":{"account_number":"10001","new_balance":1100.0},"code":200})");
    CHECK(api.reply.status() == 200);
}

TEST_CASE("handle: the sample accounts are those of the contract", "[api]") {
    api_under_test api;
    CHECK(api.engine.ledger().size() == 10);
    for (coffer::account_number i = 1; i <= 9; ++i)
        CHECK(api.balance_minor(10000 + i) == static_cast<std::int64_t>(i) * 100'000);
    CHECK(api.balance_minor(100000) == 1'000'000);
}

TEST_CASE("handle: a tenth of a unit ten times is exactly one unit", "[api]") {
    api_under_test api;
    for (int i = 0; i != 10; ++i)
        api.post("/accounts/10001/deposit", R"({"amount": 0.1})");
    CHECK(api.get("/accounts/10001/balance") ==
          R"({"success":true,"data":{"account_number":"10001","balance":1001.0},"code":200})");
}

TEST_CASE("handle: a refused amount moves nothing", "[api]") {
    api_under_test api;
    for (const std::string_view body :
         {R"({"amount":1.005})", R"({"amount":"5"})", R"({"amount":-1})", R"({"amount":0})",
          R"({"amount":null})", R"({"amount":1e400})", R"({"amount":1,"amount":2})", "{}"}) {
        CAPTURE(body);
        for (const char* const path : {"/accounts/10001/deposit", "/accounts/10001/withdraw"}) {
            CHECK(type_of(api.post(path, body)) == "invalid_amount");
            CHECK(api.reply.status() == 400);
        }
    }
    CHECK(api.balance_minor(10001) == 100'000);
    CHECK(api.engine.ledger().balance(10001).posting.sequence == 1);
}

TEST_CASE("handle: a withdrawal beyond the balance is refused, one of all of it is not", "[api]") {
    api_under_test api;
    CHECK(type_of(api.post("/accounts/10001/withdraw", R"({"amount":1000.01})")) ==
          "insufficient_funds");
    CHECK(api.reply.status() == 400);
    CHECK(api.post("/accounts/10001/withdraw", R"({"amount":1000})") ==
          R"({"success":true,"data":{"account_number":"10001","new_balance":0.0},"code":200})");
}

TEST_CASE("handle: a deposit beyond what money can hold is an invalid amount", "[api]") {
    api_under_test api;
    CHECK(type_of(api.post("/accounts/10001/deposit", R"({"amount":92233720368547758.07})")) ==
          "invalid_amount");
    CHECK(api.balance_minor(10001) == 100'000);
}

TEST_CASE("handle: what is no account number is told from an account that is not there", "[api]") {
    api_under_test api;
    for (const char* const target :
         {"/accounts/abc/balance", "/accounts/0/balance", "/accounts/-1/balance", "/accounts/",
          "/accounts/10001%2fbalance", "/accounts/+1/balance", "/accounts/010001/balance",
          "/accounts/1.0/balance", "/accounts//balance", "/accounts/18446744073709551616/balance",
          "/accounts/1%2F2/balance", "/accounts/%2531/balance", "/accounts/%/balance",
          "/accounts/1%2/balance", "/accounts/%00/balance", "/accounts/ 1/balance",
          "/accounts/%31%31%31%31%31%31%31%31%31%31%31%31%31%31%31%31%31%31%31%31%31/balance",
          "/accounts/%30%30%30%30%30%30%30%30%30%30%30%30%30%30%30%30%30%30%30%30%30%30%30%30%30"
          "%30%30%30%30%30%30%30%30%30%31/balance"}) {
        CAPTURE(target);
        CHECK(type_of(api.get(target)) == "invalid_account_number");
        CHECK(api.reply.status() == 400);
    }
    for (const char* const target :
         {"/accounts/1/balance", "/accounts/18446744073709551615/balance"}) {
        CHECK(type_of(api.get(target)) == "no_such_account");
        CHECK(api.reply.status() == 404);
    }
    CHECK(type_of(api.post("/accounts/77/deposit", R"({"amount":1})")) == "no_such_account");
    CHECK(type_of(api.post("/accounts/x/deposit", R"({"amount":1})")) == "invalid_account_number");
}

TEST_CASE("handle: paths that are not there are no routes", "[api]") {
    api_under_test api;
    for (const char* const target :
         {"/", "/transactions/", "/accounts/10001/", "/holds", "*", "", "/accounts/10001/balance/",
          "/accounts/10001/balances", "/accounts/10001/Balance", "/accounts/10001//balance",
          "/account/10001/balance", "//accounts/10001/balance", "/accounts%2F10001%2Fbalance",
          "/accounts/10001/balance%2f", "/accounts/10001/%62alances",
          "%2Faccounts/10001/balance"}) {
        CAPTURE(target);
        CHECK(type_of(api.get(target)) == "no_such_route");
        CHECK(api.reply.status() == 404);
    }
}

TEST_CASE("handle: percent-encoding is undone once, segment by segment", "[api]") {
    api_under_test api;
    const std::string plain = api.get("/accounts/10001/balance");
    for (const char* const target :
         {"/accounts/1%30001/balance", "/accounts/%31%30%30%30%31/balance",
          "/%61ccounts/10001/balance", "/accounts/10001/%62%61lance",
          "/accounts/10001/balance?%2F"}) {
        CAPTURE(target);
        CHECK(api.get(target) == plain);
    }
}

TEST_CASE("handle: a query does not matter", "[api]") {
    api_under_test api;
    api.get("/accounts/10001/balance?a=/b?c");
    CHECK(api.reply.status() == 200);
}

TEST_CASE("handle: a method that the path does not have is told those it has", "[api]") {
    api_under_test api;
    CHECK(type_of(api.post("/accounts/10001/balance", "{}")) == "method_not_allowed");
    CHECK(api.reply.status() == 405);
    CHECK(api.reply.field("Allow") == "GET, HEAD, OPTIONS");
    CHECK(type_of(api.get("/accounts/10001/withdraw")) == "method_not_allowed");
    CHECK(api.reply.field("Allow") == "POST, OPTIONS");
    CHECK(type_of(api.ask({method::other, "/accounts/x/deposit", {}, {}})) == "method_not_allowed");
    CHECK(api.reply.field("Allow") == "POST, OPTIONS");
    api.get("/accounts/10001/balance");
    CHECK(api.reply.field("Allow").empty());
}

TEST_CASE("handle: a body must be there, be JSON and say so", "[api]") {
    api_under_test api;
    const std::string_view body = R"({"amount":1})";
    const char* const path = "/accounts/10001/deposit";
    for (const char* const type :
         {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx",
          "application/xml;a=application/json", "application/+json", "json", "application/json,"}) {
        CAPTURE(type);
        CHECK(type_of(api.post(path, body, type)) == "unsupported_media_type");
        CHECK(api.reply.status() == 415);
    }
    CHECK(type_of(api.post(path, "")) == "unsupported_media_type");
    CHECK(type_of(api.post(path, "amount=1")) == "unsupported_media_type");
    CHECK(api.balance_minor(10001) == 100'000);
    for (const char* const type : {"application/json", "Application/JSON; charset=utf-8",
                                   "application/json ;x", "application/vnd.api+json"}) {
        CAPTURE(type);
        api.post(path, body, type);
        CHECK(api.reply.status() == 200);
    }
}

TEST_CASE("handle: OPTIONS is answered with the methods of a path or of the server", "[api]") {
    api_under_test api;
    const auto allowed = [&api](std::string_view target) {
        CHECK(api.ask({method::options, target, {}, {}}).empty());
        CHECK(api.reply.status() == 204);
        return api.reply.field("Allow");
    };
    CHECK(allowed("/accounts/10001/balance") == "GET, HEAD, OPTIONS");
    CHECK(allowed("/accounts/10001/deposit?x") == "POST, OPTIONS");
    CHECK(allowed("*") == "GET, HEAD, POST, OPTIONS");
    CHECK(type_of(api.ask({method::options, "/nowhere", {}, {}})) == "no_such_route");
    CHECK(api.balance_minor(10001) == 100'000);
}

TEST_CASE("wants_body: a body is wanted where the answer depends on it", "[api]") {
    api_under_test api;
    const auto is_wanted = [&api](method how, std::string_view target, std::string_view type) {
        return wants_body(coffer::api::product_table, api.engine.teller_at(0),
                          {how, target, type, {}}, api.reply);
    };
    const std::string_view json = "application/json";
    CHECK(is_wanted(method::post, "/accounts/10001/deposit", json));
    CHECK(is_wanted(method::get, "/accounts/10001/balance", {}));
    CHECK(is_wanted(method::post, "/accounts/10001/close", {}));
    CHECK(is_wanted(method::post, "/transactions", json));
    struct refusal {
        method how;
        std::string_view target;
        std::string_view type;
        int status;
    };
    for (const refusal& one : {refusal{method::post, "/nowhere", json, 404},
                               refusal{method::post, "/accounts/10001/balance", json, 405},
                               refusal{method::post, "/accounts/x/deposit", json, 400},
                               refusal{method::post, "/accounts/77/deposit", json, 404},
                               refusal{method::post, "/accounts/10001/deposit", "text/plain", 415},
                               refusal{method::options, "/accounts/10001/deposit", json, 204}}) {
        CAPTURE(one.target);
        CHECK_FALSE(is_wanted(one.how, one.target, one.type));
        CHECK(api.reply.status() == one.status);
    }
}
