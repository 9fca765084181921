#include "api/account_endpoints.hpp"

#include <string>

#include "api/api_under_test.hpp"
#include "catch.hpp"

using coffer::api::method;
using coffer::test::api_under_test;
using coffer::test::refusal_of;
using coffer::test::type_of;
using coffer::test::wrong_form;

TEST_CASE("open_account: a body of a wrong form is refused by its first member that is wrong",
          "[api]") {
    api_under_test api;
    for (const wrong_form& one :
         {wrong_form{R"({"account_number":20001})", "invalid_account_number"},
          wrong_form{R"({"account_number":"0","opening_balance":-1})", "invalid_account_number"},
          wrong_form{R"({"account_number":"1","account_number":"1"})",
                     "invalid_parameter account_number"},
          wrong_form{R"({"opening_balance":-0.01})", "invalid_amount"},
          wrong_form{R"({"opening_balance":"50"})", "invalid_amount"},
          wrong_form{R"({"opening_balance":0.001})", "invalid_amount"},
          wrong_form{R"({"opening_balance":true})", "invalid_amount"},
          wrong_form{R"({"opening_balance":1,"opening_balance":1})", "invalid_amount"},
          wrong_form{"[]", "invalid_parameter"}, wrong_form{"5", "invalid_parameter"},
          wrong_form{"{", "unsupported_media_type"}}) {
        CAPTURE(one.body);
        CHECK(refusal_of(api.post("/accounts", one.body)) == one.due);
    }
    CHECK(api.engine.ledger().size() == 10);
}

TEST_CASE("open_account, close_account, reopen_account: a body that is there must be JSON",
          "[api]") {
    api_under_test api;
    for (const char* const path :
         {"/accounts", "/accounts/10001/close", "/accounts/10001/reopen"}) {
        CAPTURE(path);
        CHECK(type_of(api.post(path, "{}", "text/plain")) == "unsupported_media_type");
        CHECK(type_of(api.post(path, "{}", "")) == "unsupported_media_type");
        CHECK(type_of(api.post(path, "{]")) == "unsupported_media_type");
        CHECK(type_of(api.post(path, "[]")) == "invalid_parameter");
        coffer::api::request encoded{method::post, path, "application/json", "{}"};
        encoded.encoded = true;
        CHECK(type_of(api.ask(encoded)) == "unsupported_media_type");
    }
}

TEST_CASE("open_account, close_account, reopen_account: a key must be one", "[api]") {
    api_under_test api;
    for (const char* const path :
         {"/accounts", "/accounts/10001/close", "/accounts/10001/reopen"}) {
        coffer::api::request asked{method::post, path, "", ""};
        asked.idempotency_key = "a b";
        asked.idempotency_keys = 1;
        CHECK(type_of(api.ask(asked)) == "invalid_idempotency_key");
        asked.idempotency_key = "a";
        asked.idempotency_keys = 2;
        CHECK(type_of(api.ask(asked)) == "invalid_idempotency_key");
    }
}
