#include "http/worker_figures.hpp"

#include <memory>
#include <string>

#include "api/routes.hpp"
#include "catch.hpp"

using namespace coffer::http;
using coffer::test::Contains;

TEST_CASE("worker figures: those of all workers are added up, by path and status", "[http]") {
    const auto one = std::make_unique<request_figures>();
    const auto other = std::make_unique<request_figures>();
    const auto& table = coffer::api::product_table;
    const auto deposit =
        table.number_of(table.find(coffer::api::method::post, "/accounts/1/deposit"));
    REQUIRE(table.path_of(deposit) == "/accounts/{account}/deposit");
    one->count(deposit, 200, coffer::api::problem::none);
    other->count(deposit, 200, coffer::api::problem::none);
    other->count(deposit, 400, coffer::api::problem::funds_insufficient);
    other->count(0, 404, coffer::api::problem::route_unknown);
    one->in_all.record(60'000);
    other->in_all.record(60'000);
    coffer::registered<worker_signs> workers;
    const auto first = workers.add({one.get(), &table});
    const auto second = workers.add({other.get(), &table});
    const coffer::http::limits limits;
    const admission places{limits};
    std::string text;
    append_worker_figures(workers, places, text);
    const std::string name = "\ncoffer_http_requests_total{route=";
    CHECK_THAT(text, Contains(name + R"("/accounts/{account}/deposit",status="200"} 2)") &&
                         Contains(name + R"("/accounts/{account}/deposit",status="400"} 1)") &&
                         Contains(name + R"("other",status="404"} 1)") &&
                         !Contains(R"("/readyz",status="503")"));
    CHECK_THAT(text, Contains("\ncoffer_http_refusals_total{reason=\"insufficient_funds\"} 1\n"));
    CHECK_THAT(text, Contains("\ncoffer_http_request_seconds_bucket{le=\"5e-05\"} 0\n") &&
                         Contains("\ncoffer_http_request_seconds_bucket{le=\"0.0001\"} 2\n") &&
                         Contains("\ncoffer_http_request_seconds_count 2\n"));
}

TEST_CASE("worker figures: every status of a refusal is counted as itself", "[http]") {
    for (std::size_t i = 1; i != coffer::api::problems; ++i) {
        const int status = coffer::api::describe(static_cast<coffer::api::problem>(i)).status;
        CHECK(counted_statuses[place_of_status(status)] == status);
    }
    CHECK(place_of_status(299) == counted_statuses.size() - 1);
    CHECK(place_of_status(0) == counted_statuses.size() - 1);
    CHECK(place_of_status(999) == counted_statuses.size() - 1);
}

TEST_CASE("loop pulse: a loop is well that has just turned, or has ended", "[http]") {
    loop_pulse one;
    CHECK(one.is_well());
    one.end();
    CHECK(one.is_well());
}
