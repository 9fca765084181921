#include "api/access_control.hpp"

#include <string>
#include <string_view>

#include "api/api_under_test.hpp"
#include "catch.hpp"

using namespace coffer::api;
using coffer::test::type_of;

namespace {

std::string numbered(std::string front, int number) {
    front += std::to_string(number);
    return front;
}

known_token token(const std::string& text, scope_set scopes, account_ranges accounts = {}) {
    return {.hash = hash_of_token(text),
            .who = {.name = std::string{text}.append("-name"),
                    .scopes = scopes,
                    .accounts = std::move(accounts)}};
}

const account_ranges tens{{{10001, 10002}}};

std::vector<known_token> some_tokens() {
    return {token("reader", {scope::read}), token("poster", {scope::post}),
            token("opener", {scope::open}, tens), token("ten", {scope::read, scope::post}, tens)};
}

/// The product's routes behind access control.
struct guarded_api : coffer::test::api_under_test {
    access_rules rules;
    access_control guard{rules};
    listener_facts via;
    std::string host = "127.0.0.1:5000";
    std::string origin;
    std::uint64_t peer = 1;

    /// The status, and the type of a refusal.
    std::string ask(method how, std::string_view target, std::string_view authorization = "",
                    std::string_view body = R"({"amount":1})") {
        const request asked{.method = how,
                            .target = target,
                            .content_type = "application/json",
                            .body = how == method::post ? body : std::string_view{},
                            .host = host,
                            .origin = origin,
                            .authorization = authorization,
                            .via = &via,
                            .peer = peer};
        who = handle(product_table, engine.teller_at(0), asked, reply, &guard).who;
        CHECK(engine.teller_at(0).actor().empty());
        const std::string status = std::to_string(reply.status());
        return reply.status() < 400 ? status : status + " " + type_of(std::string{reply.body()});
    }
    std::string get(std::string_view target, std::string_view authorization = "") {
        return ask(method::get, target, authorization);
    }
    std::string post(std::string_view target, std::string_view authorization = "",
                     std::string_view body = R"({"amount":1})") {
        return ask(method::post, target, authorization, body);
    }

    const principal* who = nullptr;
};

struct api_with_tokens : guarded_api {
    api_with_tokens() { rules.tokens.publish(token_set{some_tokens()}); }
};

constexpr std::string_view balance_path = "/accounts/10001/balance";

}  // namespace

TEST_CASE("access: without tokens nobody needs one, and one is ignored", "[api]") {
    guarded_api api;
    CHECK(api.get(balance_path) == "200");
    CHECK(api.get(balance_path, "Bearer x") == "200");
    CHECK(api.post("/accounts/10001/deposit") == "200");
    CHECK(api.who == nullptr);
}

TEST_CASE("access: with tokens a request without one gets 401 and what is due", "[api]") {
    api_with_tokens api;
    CHECK(api.get(balance_path) == "401 unauthorized");
    CHECK(api.reply.field("WWW-Authenticate") == R"(Bearer realm="coffer")");
    for (const char* const unknown :
         {"Bearer readers", "Bearer reader, Bearer reader", "bearer  rEADER", "Bearer reader\tx"}) {
        CAPTURE(unknown);
        CHECK(api.get(balance_path, unknown) == "401 unauthorized");
        CHECK(api.reply.field("WWW-Authenticate") ==
              R"(Bearer realm="coffer", error="invalid_token")");
    }
    for (const char* const other :
         {"Basic cmVhZGVyOg==", "reader", "Bearer", "Bearer ", "Bearerreader", "Authorization"}) {
        CAPTURE(other);
        CHECK(api.get(balance_path, other) == "401 unauthorized");
        CHECK(api.reply.field("WWW-Authenticate") == R"(Bearer realm="coffer")");
    }
    CHECK(api.get(balance_path, std::string{"Bearer "}.append(600, 'x')) == "401 unauthorized");
    CHECK(api.post("/accounts/10001/deposit", "Bearer x") == "401 unauthorized");
    CHECK(api.balance_minor(10001) == 100'000);
}

TEST_CASE("access: a token opens what its scopes say, each time", "[api]") {
    api_with_tokens api;
    for (int i = 0; i != 3; ++i) {
        CHECK(api.get(balance_path, "Bearer reader") == "200");
        REQUIRE(api.who != nullptr);
        CHECK(api.who->name == "reader-name");
        CHECK(api.get(balance_path, "bEARER  reader") == "200");
        CHECK(api.get("/metrics", "Bearer reader") == "200");
        CHECK(api.post("/accounts/10001/deposit", "Bearer poster") == "200");
        CHECK(api.get(balance_path, "Bearer poster") == "403 forbidden");
        CHECK(api.post("/accounts/10001/deposit", "Bearer reader") == "403 forbidden");
        CHECK(api.post("/accounts/10001/close", "Bearer poster") == "403 forbidden");
        CHECK(api.post("/accounts/10001/close", "Bearer opener", "") == "409 account_not_empty");
    }
    CHECK(api.balance_minor(10001) == 100'300);
}

TEST_CASE("access: an account of the path must be one that the token is for", "[api]") {
    api_with_tokens api;
    CHECK(api.get(balance_path, "Bearer ten") == "200");
    CHECK(api.get("/accounts/10003/balance", "Bearer ten") == "403 forbidden");
    CHECK(api.get("/accounts/999/balance", "Bearer ten") == "403 forbidden");
    CHECK(api.get("/accounts/10003/holds/0-0", "Bearer ten") == "403 forbidden");
    CHECK(api.post("/accounts/10003/deposit", "Bearer ten") == "403 forbidden");
    CHECK(api.post("/accounts/10003/close", "Bearer opener") == "403 forbidden");
    CHECK(api.get("/accounts/999/balance", "Bearer reader") == "404 no_such_account");
    CHECK(api.balance_minor(10003) == 300'000);
}

TEST_CASE("access: without a token nothing is said of what is there", "[api]") {
    api_with_tokens api;
    CHECK(api.get("/nowhere") == "401 unauthorized");
    CHECK(api.get("/accounts/x/balance") == "401 unauthorized");
    CHECK(api.post(balance_path) == "401 unauthorized");
    CHECK(api.ask(method::other, balance_path) == "401 unauthorized");
    CHECK(api.get("/nowhere", "Bearer poster") == "404 no_such_route");
    CHECK(api.get("/accounts/x/balance", "Bearer reader") == "400 invalid_account_number");
    CHECK(api.get("/accounts/x/balance", "Bearer poster") == "403 forbidden");
    CHECK(api.post(balance_path, "Bearer poster") == "405 method_not_allowed");
}

TEST_CASE("access: what is for anyone needs no token, and no right one", "[api]") {
    api_with_tokens api;
    for (const char* const sent : {"", "Bearer x", "Bearer poster"}) {
        CHECK(api.get("/readyz", sent) == "200");
        CHECK(api.get("/openapi.json", sent) == "200");
        CHECK(api.ask(method::options, balance_path, sent) == "204");
        CHECK(api.ask(method::options, "*", sent) == "204");
        CHECK(api.who == nullptr);
    }
}

TEST_CASE("access: new tokens count from the next request on, and the old no more", "[api]") {
    api_with_tokens api;
    CHECK(api.get(balance_path, "Bearer reader") == "200");
    CHECK(api.get(balance_path, "Bearer later") == "401 unauthorized");
    api.rules.tokens.publish(token_set{{token("later", {scope::read})}});
    CHECK(api.get(balance_path, "Bearer reader") == "401 unauthorized");
    CHECK(api.get(balance_path, "Bearer later") == "200");
    CHECK(api.who->name == "later-name");
}

TEST_CASE("access: more tokens than are remembered are still distinguished", "[api]") {
    guarded_api api;
    std::vector<known_token> many;
    for (int i = 0; i != 1000; ++i)
        many.push_back(token(numbered("t", i), {scope::read}));
    api.rules.tokens.publish(token_set{many});
    for (int round = 0; round != 2; ++round)
        for (int i = 0; i != 1000; ++i) {
            REQUIRE(api.get(balance_path, numbered("Bearer t", i)) == "200");
            REQUIRE(api.who->name == numbered("t", i) + "-name");
        }
}

TEST_CASE("access: a loopback listener answers to its own names alone", "[api]") {
    guarded_api api;
    api.rules.names = {*parse_host_name("bank.example")};
    const auto with_host = [&api](const char* host) {
        api.host = host;
        return api.get(balance_path);
    };
    CHECK(with_host("evil.example") == "200");
    api.via.checks_hosts = true;
    for (int i = 0; i != 2; ++i) {
        for (const char* const ours : {"127.0.0.1:5000", "localhost", "[::1]", "bank.example:80"})
            CHECK(with_host(ours) == "200");
        for (const char* const others : {"evil.example", "evil.example:5000", ""})
            CHECK(with_host(others) == "421 misdirected_request");
    }
    CHECK(api.ask(method::options, "*") == "421 misdirected_request");
}

TEST_CASE("access: a page of another origin may not post", "[api]") {
    guarded_api api;
    api.rules.names = {*parse_host_name("https://bank.example")};
    const auto from = [&api](const char* origin) {
        api.origin = origin;
        return api.post("/accounts/10001/deposit");
    };
    for (const char* const ours : {"", "http://127.0.0.1:5000", "https://bank.example"})
        CHECK(from(ours) == "200");
    for (const char* const others :
         {"null", "http://evil.example", "http://127.0.0.1:8000", "http://bank.example", "Origin"})
        CHECK(from(others) == "403 forbidden");
    CHECK(api.balance_minor(10001) == 100'300);
    CHECK(api.get(balance_path) == "200");  // what it cannot read: no reply permits it
    api.via.is_encrypted = true;
    CHECK(from("http://127.0.0.1:5000") == "403 forbidden");
    CHECK(from("https://127.0.0.1:5000") == "200");
}

TEST_CASE("access: refusals come in their order", "[api]") {
    api_with_tokens api;
    api.rules.rate = {1};
    api.via.checks_hosts = true;
    api.host = "evil.example";
    api.origin = "http://evil.example";
    const auto post = [&api](std::string_view authorization) {
        return api.post("/accounts/10003/deposit", authorization);
    };
    CHECK(post("Bearer x") == "421 misdirected_request");
    api.host = "localhost";
    CHECK(post("Bearer x") == "403 forbidden");
    api.origin = "";
    CHECK(post("Bearer x") == "401 unauthorized");
    CHECK(post("Bearer ten") == "403 forbidden");
    CHECK(post("Bearer ten") == "429 too_many_requests");
    CHECK(api.reply.field("Retry-After") == "1");
    CHECK(api.balance_minor(10003) == 300'000);
}

TEST_CASE("access: each token has its rate, and each peer without one", "[api]") {
    api_with_tokens api;
    api.rules.rate = {2};
    const auto passes = [&api](const char* path, const char* authorization) {
        int passed = 0;
        for (int i = 0; i != 5; ++i)
            passed += api.get(path, authorization) != "429 too_many_requests" ? 1 : 0;
        return passed;
    };
    CHECK(passes(balance_path.data(), "Bearer reader") == 2);
    CHECK(passes(balance_path.data(), "Bearer ten") == 2);
    // A token that is wrong counts for its peer, and so does what needs none.
    CHECK(passes(balance_path.data(), "Bearer x") == 2);
    CHECK(passes("/openapi.json", "") == 0);
    api.peer = 2;
    CHECK(passes("/openapi.json", "Bearer reader") == 2);
    CHECK(passes(balance_path.data(), "") == 0);
    CHECK(passes(balance_path.data(), "Bearer poster") == 2);
}

TEST_CASE("access: a request that was counted is not counted again", "[api]") {
    api_with_tokens api;
    api.rules.rate = {1};
    const principal* who = nullptr;
    handled done;
    request asked{.method = method::get,
                  .target = balance_path,
                  .content_type = {},
                  .body = {},
                  .authorization = "Bearer reader"};
    CHECK(admit(product_table, api.engine.teller_at(0), asked, api.guard, done, api.reply));
    CHECK_FALSE(admit(product_table, api.engine.teller_at(0), asked, api.guard, done, api.reply));
    asked.is_counted = true;
    CHECK(admit(product_table, api.engine.teller_at(0), asked, api.guard, done, api.reply));
    CHECK(api.guard.decide(asked, nullptr, 0, who) == problem::none);
    CHECK(who->name == "reader-name");
}

namespace {

void answer_nothing(coffer::teller&, const call&, reply& out) {
    out.affirm("done");
}

constexpr std::array operator_routes{
    route{method::post, "/admin/thing", &answer_nothing,
          route_rules{.scope = scope::admin, .place = place::operations}},
    route{method::get, "/page", &answer_nothing,
          route_rules{
              .scope = scope::anyone, .place = place::operations, .needs_local_listener = true}},
    route{method::get, "/figures", &answer_nothing,
          route_rules{.scope = scope::anyone, .place = place::operations}},
};
constexpr route_table operator_table{operator_routes};

}  // namespace

TEST_CASE("access: without tokens the operator's routes need a local listener", "[api]") {
    guarded_api api;
    const auto status = [&api](method how, std::string_view target, std::string_view token = "") {
        const request asked{.method = how,
                            .target = target,
                            .content_type = {},
                            .body = {},
                            .authorization = token,
                            .via = &api.via};
        handle(operator_table, api.engine.teller_at(0), asked, api.reply, &api.guard);
        return api.reply.status();
    };
    CHECK(status(method::post, "/admin/thing") == 200);
    CHECK(status(method::get, "/page") == 200);
    api.via.is_local = false;
    CHECK(status(method::post, "/admin/thing") == 403);
    CHECK(type_of(std::string{api.reply.body()}) == "forbidden");
    CHECK(status(method::get, "/page") == 403);
    CHECK(status(method::get, "/figures") == 200);
    api.rules.tokens.publish(token_set{{token("boss", {scope::admin})}});
    CHECK(status(method::post, "/admin/thing") == 401);
    CHECK(status(method::post, "/admin/thing", "Bearer boss") == 200);
    CHECK(status(method::get, "/page") == 200);
    api.via.has_operations = false;
    CHECK(status(method::post, "/admin/thing", "Bearer boss") == 404);
    CHECK(status(method::get, "/figures", "Bearer boss") == 404);
    CHECK(status(method::get, "/figures") == 401);
}
