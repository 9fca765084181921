#include "api/hold_endpoints.hpp"

#include <string>

#include "api/api_under_test.hpp"
#include "catch.hpp"

using coffer::test::api_under_test;
using coffer::test::refusal_of;
using coffer::test::type_of;
using coffer::test::wrong_form;

TEST_CASE("place_hold: a body of a wrong form is refused by its first member that is wrong",
          "[api]") {
    api_under_test api;
    for (const wrong_form& one :
         {wrong_form{"{}", "invalid_amount"}, wrong_form{R"({"amount":0})", "invalid_amount"},
          wrong_form{R"({"expires_in":"60s"})", "invalid_amount"},
          wrong_form{R"({"amount":0,"expires_in":1})", "invalid_amount"},
          wrong_form{R"({"amount":1,"expires_in":60})", "invalid_duration"},
          wrong_form{R"({"amount":1,"expires_in":""})", "invalid_duration"},
          wrong_form{R"({"amount":1,"expires_in":"0s"})", "invalid_duration"},
          wrong_form{R"({"amount":1,"expires_in":"0"})", "invalid_duration"},
          wrong_form{R"({"amount":1,"expires_in":"-1s"})", "invalid_duration"},
          wrong_form{R"({"amount":1,"expires_in":"60"})", "invalid_duration"},
          wrong_form{R"({"amount":1,"expires_in":"60 s"})", "invalid_duration"},
          wrong_form{R"({"amount":1,"expires_in":"876001h"})", "invalid_duration"},
          wrong_form{R"({"amount":1,"expires_in":["60s"]})", "invalid_duration"},
          wrong_form{R"({"amount":1,"expires_in":"1s","expires_in":"1s"})",
                     "invalid_parameter expires_in"}}) {
        CAPTURE(one.body);
        CHECK(refusal_of(api.post("/accounts/10001/holds", one.body)) == one.due);
        CHECK(api.reply.status() == 400);
    }
    CHECK(type_of(api.post("/accounts/10001/holds", "")) == "unsupported_media_type");
}

TEST_CASE("capture_hold: a body of a wrong form is refused by its first member that is wrong",
          "[api]") {
    api_under_test api;
    for (const wrong_form& one :
         {wrong_form{R"({"amount":0})", "invalid_amount"},
          wrong_form{R"({"amount":"1","final":1})", "invalid_amount"},
          wrong_form{R"({"final":1,"to":1})", "invalid_parameter final"},
          wrong_form{R"({"final":"true"})", "invalid_parameter final"},
          wrong_form{R"({"to":10002})", "invalid_account_number"},
          wrong_form{R"({"to":"10001"})", "same_account"}, wrong_form{"[]", "invalid_parameter"}}) {
        CAPTURE(one.body);
        CHECK(refusal_of(api.post("/accounts/10001/holds/1-0/capture", one.body)) == one.due);
        CHECK(api.reply.status() == 400);
    }
    CHECK(type_of(api.post("/accounts/10001/holds/1-0/release", "[]")) == "invalid_parameter");
}

TEST_CASE("list_holds: limit and after are checked", "[api]") {
    api_under_test api;
    for (const wrong_form& one : {wrong_form{"limit=0", "invalid_parameter limit"},
                                  wrong_form{"limit=1001", "invalid_parameter limit"},
                                  wrong_form{"limit=x", "invalid_parameter limit"},
                                  wrong_form{"limit=1&limit=1", "invalid_parameter limit"},
                                  wrong_form{"after=", "invalid_parameter after"},
                                  wrong_form{"after=1", "invalid_parameter after"},
                                  wrong_form{"after=01-0", "invalid_parameter after"},
                                  wrong_form{"after=1-00", "invalid_parameter after"}}) {
        CAPTURE(one.body);
        CHECK(refusal_of(api.get("/accounts/10001/holds?" + std::string{one.body})) == one.due);
        CHECK(api.reply.status() == 400);
    }
}

TEST_CASE("capture_hold: to the account itself is refused by its number", "[api]") {
    api_under_test api;
    CHECK(api.post("/accounts/10003/holds/1-0/capture", R"({"to":"10003"})")
              .find(R"("account_number":"10003"},"code")") != std::string::npos);
}

TEST_CASE("capture_hold: takes a body, so that one that is lost moves no money", "[api]") {
    api_under_test api;
    CHECK(type_of(api.post("/accounts/10001/holds/1-0/capture", "")) == "unsupported_media_type");
    CHECK(type_of(api.post("/accounts/10001/holds/1-0/capture", "{}")) == "no_such_hold");
    CHECK(type_of(api.post("/accounts/10001/holds/1-0/release", "", "")) == "no_such_hold");
}
