#include "api/console_endpoint.hpp"

#include <string>
#include <string_view>

#include "api/api_under_test.hpp"
#include "catch.hpp"
#include "console/pages.hpp"

using coffer::api::method;
using coffer::test::api_under_test;
using coffer::test::Contains;
using coffer::test::type_of;

namespace {

const coffer::console::page built = coffer::console::console_page();

std::string get_root(api_under_test& api, std::string_view accept) {
    return api.ask(
        {.method = method::get, .target = "/", .content_type = {}, .body = {}, .accept = accept});
}

}  // namespace

TEST_CASE("console: is the page that was built, which can neither be framed nor sniffed", "[api]") {
    api_under_test api;
    const std::string body = api.get("/console");
    if (built.document.empty()) {
        CHECK(api.reply.status() == 501);
        CHECK(type_of(body) == "not_implemented");
        return;
    }
    CHECK(api.reply.status() == 200);
    CHECK(api.reply.content_type() == "text/html; charset=utf-8");
    CHECK(body == built.document);
    CHECK(api.reply.field("X-Frame-Options") == "DENY");
    CHECK(api.reply.field("X-Content-Type-Options") == "nosniff");
    CHECK(api.reply.field("Referrer-Policy") == "no-referrer");
    const std::string policy{api.reply.field("Content-Security-Policy")};
    CHECK_THAT(policy, Contains("default-src 'none'; script-src 'sha256-") &&
                           Contains("; connect-src 'self'") &&
                           Contains("; frame-ancestors 'none'"));
    CHECK_THAT(policy, !Contains("unsafe"));
    CHECK(body.size() < 150'000);
}

TEST_CASE("console: a browser finds it at the root, and others find nothing there", "[api]") {
    api_under_test api;
    for (const char* const accept : {"", "*/*", "application/json", "text/html;q=0.5, */*"}) {
        CHECK(type_of(get_root(api, accept)) == "no_such_route");
        CHECK(api.reply.status() == 404);
    }
    get_root(api, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    CHECK(api.reply.status() == (built.document.empty() ? 501 : 200));
}

TEST_CASE("console: a build without npm says how to get it", "[api]") {
    CHECK_THAT(std::string{coffer::api::describe(coffer::api::problem::console_missing).message},
               Contains("takes npm"));
}
