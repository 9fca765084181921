// Thousands of schedules of a simulated store: whatever it does, and whatever becomes of the nodes,
// nothing is lost, doubled or stale.
//
// COFFER_SCHEDULES=FIRST:COUNT runs others than the few hundred of every test.
#include "replication/schedule.hpp"

#include <charconv>
#include <cstdlib>
#include <string>
#include <string_view>

#include "catch.hpp"

using coffer::test::planted;
using coffer::test::run_schedule;
using coffer::test::schedule_result;

namespace {

struct wanted {
    std::uint64_t first = 1;
    std::uint64_t count = 300;
};

wanted wanted_schedules() {
    wanted all;
    if (const char* const asked = std::getenv("COFFER_SCHEDULES")) {
        const std::string_view text{asked};
        const auto colon = text.find(':');
        REQUIRE(colon != std::string_view::npos);
        std::from_chars(text.data(), text.data() + colon, all.first);
        std::from_chars(text.data() + colon + 1, text.data() + text.size(), all.count);
    }
    return all;
}

}  // namespace

TEST_CASE("replication: loses, doubles and makes stale nothing in any schedule",
          "[replication][schedules]") {
    const auto [first, count] = wanted_schedules();
    schedule_result all;
    for (std::uint64_t seed = first; seed != first + count; ++seed) {
        const schedule_result found = run_schedule(seed);
        INFO("schedule " << seed << ": " << found.wrong);
        REQUIRE(found.wrong.empty());
        all += found;
    }
    WARN(count << " schedules: " << all.postings << " postings and " << all.reads
               << " balances answered, " << all.terms << " terms, " << all.handovers
               << " handed over, " << all.trims << " trims, " << all.catch_ups << " catch-ups");
    CHECK(all.postings > 10 * count);
    CHECK(all.reads > 10 * count);
    CHECK(all.terms > 2 * count);
    CHECK(all.trims > count);
}

TEST_CASE("replication: the same seed gives the same schedule", "[replication][schedules]") {
    const schedule_result one = run_schedule(7);
    const schedule_result other = run_schedule(7);
    CHECK(one.postings == other.postings);
    CHECK(one.reads == other.reads);
    CHECK(one.terms == other.terms);
}
