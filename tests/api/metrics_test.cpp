#include <string>

#include "api/api_under_test.hpp"
#include "catch.hpp"

using coffer::test::api_under_test;
using coffer::test::Contains;

TEST_CASE("metrics: count open holds, and those that ended and are still known", "[api]") {
    api_under_test api;
    for (int i = 0; i != 3; ++i) {
        api.post("/accounts/10001/holds", R"({"amount":1})");
        REQUIRE(api.reply.status() == 201);
    }
    const std::string location = "/accounts/10001/holds/2-0";
    api.post(location + "/capture", R"({"amount":0.5})");
    REQUIRE(api.reply.status() == 200);
    CHECK_THAT(api.get("/metrics"), Contains("\ncoffer_holds 3\n") &&
                                        Contains("\ncoffer_holds_ended 0\n") &&
                                        Contains("\ncoffer_holds_expired_total 0\n"));
    api.post(location + "/release", "");
    REQUIRE(api.reply.status() == 200);
    CHECK_THAT(api.get("/metrics"),
               Contains("\ncoffer_holds 2\n") && Contains("\ncoffer_holds_ended 1\n"));
}
