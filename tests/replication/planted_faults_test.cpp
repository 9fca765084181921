// Each part of the protocol is needed: the schedules find it out where one is missing.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "catch.hpp"
#include "replication/schedule.hpp"

using coffer::test::planted;
using coffer::test::run_schedule;

namespace {

/// The first schedule of so many in which something is wrong; 0 if there is none.
std::uint64_t found_by(planted fault, std::uint64_t count = 1000) {
    for (std::uint64_t seed = 1; seed <= count; ++seed)
        if (const auto found = run_schedule(seed, fault); !found.wrong.empty()) {
            WARN("schedule " << seed << ": " << found.wrong);
            return seed;
        }
    return 0;
}

}  // namespace

TEST_CASE("schedules: find that the leader's key is not compared", "[replication][planted]") {
    CHECK(found_by(planted::no_comparison_of_the_leader) != 0);
}
TEST_CASE("schedules: find that the entry's place is not compared", "[replication][planted]") {
    CHECK(found_by(planted::no_comparison_of_the_place) != 0);
}
TEST_CASE("schedules: find that the entry before is not compared", "[replication][planted]") {
    CHECK(found_by(planted::no_comparison_of_the_entry_before) != 0);
}
TEST_CASE("schedules: find a blind retry at the next place", "[replication][planted]") {
    CHECK(found_by(planted::retry_at_the_next_place) != 0);
}
TEST_CASE("schedules: find that what is absent counts as not applied", "[replication][planted]") {
    CHECK(found_by(planted::absent_means_not_applied) != 0);
}
TEST_CASE("schedules: find a read where a barrier must be written", "[replication][planted]") {
    CHECK(found_by(planted::read_as_the_barrier) != 0);
}
TEST_CASE("schedules: find a read lease that is counted from the answer",
          "[replication][planted]") {
    CHECK(found_by(planted::lease_from_the_answer) != 0);
}
TEST_CASE("schedules: find a read lease that keepalives renew", "[replication][planted]") {
    CHECK(found_by(planted::lease_from_keepalives) != 0);
}
TEST_CASE("schedules: find a take-over that does not wait", "[replication][planted]") {
    CHECK(found_by(planted::no_wait_at_takeover) != 0);
}
TEST_CASE("schedules: find an acknowledgement before the store's answer",
          "[replication][planted]") {
    CHECK(found_by(planted::acknowledges_without_an_answer) != 0);
}
TEST_CASE("schedules: find a copy that is ahead of the log", "[replication][planted]") {
    CHECK(found_by(planted::copy_ahead_of_the_log) != 0);
}
TEST_CASE("schedules: find a snapshot that is ahead of the journal", "[replication][planted]") {
    CHECK(found_by(planted::snapshot_ahead_of_the_journal) != 0);
}
TEST_CASE("schedules: find a snapshot of accounts that are not in the log",
          "[replication][planted]") {
    CHECK(found_by(planted::accounts_ahead_of_the_log) != 0);
}
TEST_CASE("schedules: find that keys are forgotten at a take-over", "[replication][planted]") {
    CHECK(found_by(planted::forgets_keys) != 0);
}
TEST_CASE("schedules: find a leader that hands over what is not its own yet",
          "[replication][planted]") {
    CHECK(found_by(planted::releases_at_once) != 0);
}
