#include "engine/snapshot_jobs.hpp"

#include "catch.hpp"

using coffer::snapshot_comparison;

TEST_CASE("snapshot_comparison: there is one at a time, until it is forgotten", "[engine]") {
    snapshot_comparison::place place = snapshot_comparison::take_place();
    REQUIRE(place != nullptr);
    CHECK(snapshot_comparison::take_place() == nullptr);
    auto job = std::make_shared<snapshot_comparison>(
        std::move(place), snapshot_comparison::question{{}, "1.json", "2.json"});
    CHECK(snapshot_comparison::take_place() == nullptr);
    job.reset();
    CHECK(snapshot_comparison::take_place() != nullptr);
}
