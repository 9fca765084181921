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

TEST_CASE("metrics: count operations by their result", "[api]") {
    api_under_test api;
    api.post("/accounts/10001/deposit", R"({"amount":1})");
    api.post("/accounts/10001/withdraw", R"({"amount":1000000})");
    api.post("/accounts/10001/transfer", R"({"to":"10002","amount":1})");
    api.post("/accounts/7/deposit", R"({"amount":1})");
    const std::string text = api.get("/metrics");
    const std::string name = "\ncoffer_postings_total{operation=";
    CHECK_THAT(text, Contains(name + R"("deposit",result="ok"} 1)") &&
                         Contains(name + R"("deposit",result="no_such_account"} 1)") &&
                         Contains(name + R"("withdrawal",result="ok"} 0)") &&
                         Contains(name + R"("withdrawal",result="insufficient_funds"} 1)") &&
                         Contains(name + R"("transfer",result="ok"} 1)") &&
                         Contains(name + R"("expiry",result="ok"} 0)"));
}

TEST_CASE("metrics: have what the server's parts add, as long as they are there", "[api]") {
    api_under_test api;
    {
        const auto added =
            api.engine.signs().metrics.add([](std::string& out) { out += "coffer_more 1\n"; });
        CHECK_THAT(api.get("/metrics"), Contains("\ncoffer_more 1\n"));
    }
    CHECK_THAT(api.get("/metrics"), !Contains("coffer_more"));
}

TEST_CASE("readiness: names each check, also those that the server's parts add", "[api]") {
    api_under_test api;
    CHECK(api.get("/readyz") ==
          R"({"success":true,"data":{"ready":true,"checks":{"ledger":"ok","journal":"ok",)"
          R"("disk":"ok","stopping":"ok"}},"code":200})");
    bool is_well = true;
    const auto added = api.engine.signs().checks.add({"other", [&is_well] {
                                                          coffer::health_check::finding found;
                                                          found.is_well = is_well;
                                                          if (!is_well)
                                                              found.state = "\"bad\"";
                                                          return found;
                                                      }});
    CHECK_THAT(api.get("/readyz"), Contains(R"(,"other":"ok"}},"code":200})"));
    is_well = false;
    CHECK_THAT(api.get("/readyz"), Contains(R"(,"other":"\"bad\""}},"code":503})"));
    api.engine.retire();
    CHECK_THAT(api.get("/readyz"), Contains(R"("stopping":"stops")"));
}

TEST_CASE("health: is refused where a loop does not turn", "[api]") {
    api_under_test api;
    CHECK(api.get("/healthz") == R"({"success":true,"data":{"healthy":true},"code":200})");
    const auto added = api.engine.signs().loops.add(
        {"worker 7", [] {
             return coffer::health_check::finding{false, "does not turn"};
         }});
    CHECK_THAT(api.get("/healthz"),
               Contains(R"("checks":{"worker 7":"does not turn"}},"code":503)"));
}
