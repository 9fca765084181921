#include "api/transfer_endpoints.hpp"

#include <initializer_list>
#include <string>
#include <string_view>

#include "api/api_under_test.hpp"
#include "catch.hpp"

using coffer::test::api_under_test;
using coffer::test::refusal_of;
using coffer::test::type_of;
using coffer::test::wrong_form;

namespace {

/// A body of these postings.
std::string postings(std::initializer_list<std::string_view> all) {
    std::string body;
    for (const std::string_view one : all)
        body.append(body.empty() ? "" : ",").append(one);
    return body.insert(0, R"({"postings":[)").append("]}");
}

/// A posting of one unit to or from an account.
std::string posting(int account, int amount) {
    std::string text = R"({"account_number":")";
    return text.append(std::to_string(account))
        .append(R"(","amount":)")
        .append(std::to_string(amount))
        .append("}");
}

}  // namespace

TEST_CASE("transfer: a body of a wrong form is refused by its first member that is wrong",
          "[api]") {
    api_under_test api;
    for (const wrong_form& one :
         {wrong_form{"{}", "invalid_account_number"},
          wrong_form{R"({"amount":1})", "invalid_account_number"},
          wrong_form{R"({"to":null,"amount":1})", "invalid_account_number"},
          wrong_form{R"({"to":10002,"amount":1})", "invalid_account_number"},
          wrong_form{R"({"to":"010002","amount":0})", "invalid_account_number"},
          wrong_form{R"({"to":"10002","to":"10003","amount":1})", "invalid_parameter to"},
          wrong_form{R"({"to":"10002"})", "invalid_amount"},
          wrong_form{R"({"to":"10001","amount":0})", "invalid_amount"},
          wrong_form{R"({"to":"10002","amount":-1})", "invalid_amount"},
          wrong_form{R"({"to":"10002","amount":1.001})", "invalid_amount"},
          wrong_form{R"({"to":"10001","amount":1})", "same_account"},
          wrong_form{"[]", "invalid_account_number"}, wrong_form{"{", "unsupported_media_type"}}) {
        CAPTURE(one.body);
        CHECK(refusal_of(api.post("/accounts/10001/transfer", one.body)) == one.due);
    }
    CHECK(refusal_of(api.post("/accounts/0/transfer", "{}")) == "invalid_account_number");
    CHECK(type_of(api.post("/accounts/10001/transfer", "")) == "unsupported_media_type");
}

TEST_CASE("transact: the postings must be an array of 2 to 8 objects", "[api]") {
    api_under_test api;
    const auto check = [&api](std::string_view body, std::string_view due) {
        CAPTURE(body);
        CHECK(refusal_of(api.post("/transactions", body)) == due);
        CHECK(api.reply.status() == 400);
    };
    check("{}", "too_few_postings");
    check(R"({"postings":null})", "too_few_postings");
    check(R"({"x":{"postings":[{},{}]}})", "too_few_postings");
    check(postings({}), "too_few_postings");
    check(postings({"{}"}), "too_few_postings");
    const std::string one = posting(1, 1);
    check(postings({one, one, one, one, one, one, one, one, one}), "too_many_postings");
    check(postings({"{},{},{},{},{},{},{},{},{}"}), "too_many_postings");
    for (const char* const value : {"1", R"("a")", "true", "{}", R"({"a":[{},{}]})"})
        check(std::string{R"({"postings":)"}.append(value).append("}"),
              "invalid_parameter postings");
    for (const char* const other : {"1", R"("a")", R"("\n")", "null", "false", "[]", "[{}]"}) {
        check(postings({posting(1, -1), other, posting(2, 1)}), "invalid_parameter postings");
        check(postings({other}), "invalid_parameter postings");
    }
    check(R"({"postings":[{},{}],"postings":[{},{}]})", "invalid_parameter postings");
    check("[]", "invalid_parameter");
}

TEST_CASE("transact: each posting has an account and an amount other than zero", "[api]") {
    api_under_test api;
    const auto check = [&api](std::string_view second, std::string_view due) {
        CAPTURE(second);
        CHECK(refusal_of(api.post("/transactions", postings({posting(10001, -1), second}))) == due);
        CHECK(api.reply.status() == 400);
    };
    check("{}", "invalid_account_number");
    check(R"({"amount":1})", "invalid_account_number");
    check(R"({"account_number":10002,"amount":1})", "invalid_account_number");
    check(R"({"account_number":"","amount":1})", "invalid_account_number");
    check(R"({"account_number":{"account_number":"10002"},"amount":1})", "invalid_account_number");
    check(R"({"account_number":"10002","account_number":"10003","amount":1})",
          "invalid_parameter account_number");
    check(R"({"account_number":"10002"})", "invalid_amount");
    check(R"({"account_number":"10002","amount":0})", "invalid_amount");
    check(R"({"account_number":"10002","amount":"1"})", "invalid_amount");
    check(R"({"account_number":"10002","amount":null})", "invalid_amount");
    check(R"({"account_number":"10002","amount":0.001})", "invalid_amount");
    check(R"({"account_number":"10002","amount":1,"amount":1})", "invalid_amount");
    check(R"({"account_number":"10002","amount":92233720368547758.08})", "invalid_amount");
    check(R"({"account_number":"10001","amount":1})", "same_account");
    check(R"({"account_number":"10001","amount":2})", "same_account");
    check(R"({"account_number":"10002","amount":1.01})", "unbalanced");
    check(R"({"account_number":"10002","amount":-1})", "unbalanced");
}

TEST_CASE("transact: an account that stands twice is named", "[api]") {
    api_under_test api;
    const std::string twice = postings({posting(10002, 1), posting(10003, 1), posting(10003, 1)});
    CHECK(api.post("/transactions", twice).find(R"("account_number":"10003"},"code")") !=
          std::string::npos);
}

TEST_CASE("transact: amounts beyond 64 bits of cents in sum are not balanced by wrapping",
          "[api]") {
    api_under_test api;
    // Four times 2^62 cents are 0 in 64 bits.
    constexpr std::string_view quarter = R"(","amount":46116860184273879.04})";
    const auto to = [quarter](std::string_view account) {
        return std::string{R"({"account_number":")"}.append(account).append(quarter);
    };
    CHECK(type_of(api.post("/transactions", postings({to("1"), to("2"), to("3"), to("4")}))) ==
          "unbalanced");
}

TEST_CASE("transact: the postings are checked before the key, and the key before their sum",
          "[api]") {
    api_under_test api;
    const auto refusal = [&api](const std::string& body) {
        return type_of(api.ask({.method = coffer::api::method::post,
                                .target = "/transactions",
                                .content_type = "application/json",
                                .body = body,
                                .idempotency_key = "a b",
                                .idempotency_keys = 1}));
    };
    CHECK(refusal(postings({})) == "too_few_postings");
    CHECK(refusal(postings({posting(10001, -1), "{}"})) == "invalid_account_number");
    CHECK(refusal(postings({posting(10001, -1), posting(10001, 2)})) == "invalid_idempotency_key");
}

TEST_CASE("transfer: to the account itself is refused by its number", "[api]") {
    api_under_test api;
    CHECK(api.post("/accounts/10003/transfer", R"({"to":"10003","amount":1})")
              .find(R"("account_number":"10003"},"code")") != std::string::npos);
}
