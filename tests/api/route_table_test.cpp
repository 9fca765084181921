#include "api/route_table.hpp"

#include <string>

#include "api/router.hpp"
#include "api/routes.hpp"
#include "catch.hpp"
#include "engine/engine.hpp"
#include "engine/initial_accounts.hpp"

using namespace coffer::api;

namespace {

/// Writes down what the call has: "10001 a b ?query".
void echo(coffer::teller&, const call& asked, reply& out) {
    out.text("text/plain", [&asked](std::string& text) {
        text = std::to_string(asked.account) + " " + std::string{asked.parameters[0]} + " " +
               std::string{asked.parameters[1]} + " ?" + std::string{asked.query};
    });
}

void other(coffer::teller&, const call&, reply& out) {
    out.affirm("other");
}

/// Counts the lines, and takes none from the line "stop" on.
class counting_sink final : public line_sink {
public:
    state take(coffer::teller&, std::string_view line) override {
        ++lines_;
        return line == "stop" ? state::ended : state::taken;
    }
    void finish(coffer::teller&, reply& out) override {
        out.text("text/plain", [this](std::string& text) { text = std::to_string(lines_); });
    }

private:
    int lines_ = 0;
};

std::unique_ptr<line_sink> count(coffer::teller&, const call&, reply&) {
    return std::make_unique<counting_sink>();
}

constexpr std::array routes{
    route{method::get, "/accounts/{account}/holds", &echo},
    route{method::post,
          "/accounts/{account}/holds",
          &other,
          {.body = body_kind::json, .max_body = 8, .scope = scope::post}},
    route{method::get, "/accounts/{account}/holds/{hold}", &echo},
    route{method::post, "/accounts/{account}/holds/{hold}/{action}", &echo},
    route{method::get, "/accounts", &other},
    route{method::get, "/accounts/{account}", &echo},
    route{method::post, "/batches", &count, {.body = body_kind::lines, .scope = scope::post}},
};
constexpr route_table table{routes};

struct api_of_table {
    coffer::engine engine{coffer::initial_accounts::sample().open_in_memory()};
    coffer::api::reply reply;

    std::string ask(method how, std::string_view target, std::string_view body = {},
                    std::string_view type = "application/json") {
        handle(table, engine.teller_at(0), {how, target, type, body}, reply);
        return std::string{reply.body()};
    }
    std::unique_ptr<line_sink> open(std::string_view target, std::string_view type) {
        return open_lines(table, engine.teller_at(0), {method::post, target, type, {}}, 100, reply);
    }
};

}  // namespace

TEST_CASE("route_table: finds a route by its method and path", "[api]") {
    CHECK(table.find(method::get, "/accounts/1/holds") == &routes[0]);
    CHECK(table.find(method::post, "/accounts/1/holds?x") == &routes[1]);
    CHECK(table.find(method::get, "/accounts/1/holds/h1") == &routes[2]);
    CHECK(table.find(method::post, "/accounts/1/holds/h1/capture") == &routes[3]);
    CHECK(table.find(method::get, "/accounts") == &routes[4]);
    CHECK(table.find(method::get, "/accounts/holds") == &routes[5]);
    CHECK(table.find(method::post, "/batches")->rules.body == body_kind::lines);
}

TEST_CASE("route_table: a path or method that it lacks has no route", "[api]") {
    for (const char* const target :
         {"", "/", "*", "accounts", "/account", "/accounts/1/holds/", "/accounts/1/holds/2/3/4",
          "/accounts/1/2/3/4/5/6/7", "//accounts", "/accounts%2F1"})
        CHECK(table.find(method::get, target) == (std::string{target} == "/accounts/1/holds/"
                                                      ? &routes[2]  // of an empty {hold}
                                                      : nullptr));
    CHECK(table.find(method::post, "/accounts") == nullptr);
    CHECK(table.find(method::options, "/accounts") == nullptr);
    CHECK(table.find(method::other, "/accounts") == nullptr);
}

TEST_CASE("route_table: Allow lists the methods of all of a path's routes", "[api]") {
    api_of_table api;
    const auto allowed = [&api](std::string_view target) {
        CHECK(api.ask(method::options, target).empty());
        return std::string{api.reply.field("Allow")};
    };
    CHECK(allowed("/accounts/1/holds") == "GET, HEAD, POST, OPTIONS");
    CHECK(allowed("/accounts/1/holds/2") == "GET, HEAD, OPTIONS");
    CHECK(allowed("/batches") == "POST, OPTIONS");
    CHECK(allowed("*") == "GET, HEAD, POST, OPTIONS");
    static constexpr std::array one{route{method::get, "/x", &echo}};
    CHECK(route_table{one}.all_methods() == "GET, HEAD, OPTIONS");
    api.ask(method::post, "/accounts/1/holds/2");
    CHECK(api.reply.status() == 405);
    CHECK(api.reply.field("Allow") == "GET, HEAD, OPTIONS");
}

TEST_CASE("route_table: is refused when a route is malformed or ambiguous", "[api]") {
    const auto refuses = [](std::string_view path) {
        const std::array made{route{method::get, "/x/{y}", &echo}, route{method::get, path, &echo}};
        CHECK_THROWS_AS(route_table{made}, std::invalid_argument);
    };
    for (const char* const path :
         {"", "x", "//", "/x/", "/{x", "/x/{y}", "/x/{z}", "/1/2/3/4/5/6/7", "/{a}/{b}/{c}",
          "/{account}/{account}", "/x/{account}"})
        refuses(path);
    const std::array body_of_get{route{method::get, "/x", &echo, {.body = body_kind::json}}};
    CHECK_THROWS_AS(route_table{body_of_get}, std::invalid_argument);
    const std::array no_lines{route{method::post, "/x", &echo, {.body = body_kind::lines}}};
    CHECK_THROWS_AS(route_table{no_lines}, std::invalid_argument);
    const std::array no_body{route{method::post, "/x", &count, {}}};
    CHECK_THROWS_AS(route_table{no_body}, std::invalid_argument);
    const std::array no_method{route{method::options, "/x", &echo}};
    CHECK_THROWS_AS(route_table{no_method}, std::invalid_argument);
}

TEST_CASE("handle: an endpoint gets the path's parameters and the query", "[api]") {
    api_of_table api;
    CHECK(api.ask(method::get, "/accounts/7/holds") == "7   ?");
    CHECK(api.ask(method::get, "/accounts/7/holds/a%20b?x=1?&y") == "7 a%20b  ?x=1?&y");
    CHECK(api.ask(method::post, "/accounts/7/holds/h/capture?") == "7 h capture ?");
    CHECK(api.ask(method::get, "/accounts/%37") == "7   ?");
    api.ask(method::get, "/accounts/x/holds/1");
    CHECK(api.reply.status() == 400);
}

TEST_CASE("handle: a route's own body limit holds", "[api]") {
    api_of_table api;
    api.ask(method::post, "/accounts/7/holds", "{\"a\":12}");
    CHECK(api.reply.status() == 200);
    api.ask(method::post, "/accounts/7/holds", "{\"a\":123}");
    CHECK(api.reply.status() == 413);
}

TEST_CASE("handle: a route that takes no body asks for none, and ignores one", "[api]") {
    api_of_table api;
    CHECK(api.ask(method::post, "/accounts/7/holds/h/capture", "x", "text/plain") ==
          "7 h capture ?");
    CHECK(api.ask(method::post, "/accounts/7/holds/h/capture", "", "") == "7 h capture ?");
}

TEST_CASE("open_lines: opens a sink, or refuses by the head alone", "[api]") {
    api_of_table api;
    coffer::teller& teller = api.engine.teller_at(0);
    const auto sink = api.open("/batches", "application/x-ndjson");
    REQUIRE(sink != nullptr);
    CHECK(sink->take(teller, "{}") == line_sink::state::taken);
    CHECK(sink->take(teller, "stop") == line_sink::state::ended);
    sink->finish(teller, api.reply);
    CHECK(api.reply.body() == "2");
    CHECK(api.open("/batches", "application/json") == nullptr);
    CHECK(api.reply.status() == 415);
    CHECK(api.open("/nowhere", "application/x-ndjson") == nullptr);
    CHECK(api.reply.status() == 404);
}

TEST_CASE("wants_body: the rules of lines hold before the body has arrived", "[api]") {
    api_of_table api;
    const auto is_wanted = [&api](std::string_view type, bool encoded) {
        request asked{method::post, "/batches", type, {}};
        asked.encoded = encoded;
        return wants_body(table, api.engine.teller_at(0), asked, api.reply);
    };
    CHECK(is_wanted("application/x-ndjson", false));
    CHECK_FALSE(is_wanted("application/json", false));
    CHECK(api.reply.status() == 415);
    CHECK_FALSE(is_wanted("application/x-ndjson", true));
    CHECK(api.reply.field("Accept-Encoding") == "identity");
}

TEST_CASE("route table: what posts takes a condition where its path has an account, and only there",
          "[api]") {
    using coffer::api::conditions;
    for (const route& one : coffer::api::product_routes) {
        INFO(one.path);
        if (one.method == method::post)
            CHECK((one.rules.conditions == conditions::of_account) ==
                  (one.path.find("{account}") != one.path.npos));
    }
}
