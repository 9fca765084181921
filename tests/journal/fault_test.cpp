// Errors at every call that changes anything, and a disk that is full.
#include <string>
#include <system_error>

#include "catch.hpp"
#include "faulty_storage.hpp"
#include "journal/journal_error.hpp"
#include "journal/reader.hpp"
#include "journal_run.hpp"
#include "opened_log.hpp"

using coffer::ledger;
using coffer::journal::journal_error;
using coffer::test::faulty_storage;
using coffer::test::journal_run;
using coffer::test::opened_log;
using coffer::test::promises;
using coffer::test::recover;

namespace {

/// Recovers and lives for so many turns, if it can; then it is left in order, but for one that does
/// nothing.
void live(faulty_storage& disk, promises& given, std::uint64_t seed, int turns, bool may_fail) {
    coffer::ledger ledger;
    const std::string wrong = recover(disk, given, ledger);
    REQUIRE(wrong.empty());
    try {
        journal_run run{disk, given, ledger, seed};
        const bool went_well = turns == 0 || (run.run(turns) && run.close());
        REQUIRE((went_well || may_fail));
    } catch (const journal_error& refused) {
        INFO(refused.what());
        REQUIRE(may_fail);
    }
}

void fail_everywhere(std::errc error, bool for_good) {
    constexpr int turns = 30;
    faulty_storage counting;
    promises ignored;
    live(counting, ignored, 1, turns, false);
    const std::uint64_t calls = counting.calls();
    REQUIRE(calls > 80);
    for (std::uint64_t call = 1; call <= calls; ++call) {
        INFO("call " << call << " of " << calls << " fails");
        faulty_storage disk;
        promises given;
        disk.fail_at(call, error, for_good);
        live(disk, given, 1, turns, true);
        // The process starts again, on what the system shows.
        disk.restart();
        live(disk, given, 2, 0, false);
        // What was recovered was shown to clients: now the power fails, and it must be there.
        disk.crash_now(call);
        disk.restart();
        live(disk, given, 3, 3, false);
        live(disk, given, 4, 0, false);
    }
}

}  // namespace

TEST_CASE("journal: an input/output error at any call loses nothing acknowledged",
          "[journal][fault]") {
    fail_everywhere(std::errc::io_error, true);
    fail_everywhere(std::errc::io_error, false);
}

TEST_CASE("journal: a lack of space at any call loses nothing acknowledged", "[journal][fault]") {
    fail_everywhere(std::errc::no_space_on_device, true);
    fail_everywhere(std::errc::no_space_on_device, false);
}

TEST_CASE("journal: goes on by itself when a full disk has space again", "[journal][fault]") {
    faulty_storage disk;
    promises given;
    coffer::ledger ledger;
    {
        journal_run run{disk, given, ledger, 1};
        disk.limit_bytes(3 * 8'192);
        REQUIRE(run.run(200));
        REQUIRE_FALSE(run.log().has_room(run.log().max_room_bytes()));
        const std::uint64_t full_at = run.log().tail().next_record;
        REQUIRE(run.run(10));
        REQUIRE(run.log().tail().next_record == full_at);
        disk.limit_bytes(UINT64_MAX);
        REQUIRE(run.run(10));
        REQUIRE(run.log().tail().next_record > full_at);
        REQUIRE(run.close());
    }
    live(disk, given, 2, 10, false);
    live(disk, given, 3, 0, false);
}

TEST_CASE("journal: what cannot be read is refused, and not taken for the end",
          "[journal][fault]") {
    faulty_storage disk;
    promises given;
    coffer::ledger ledger;
    REQUIRE(journal_run(disk, given, ledger, 1).run(5));
    disk.fail_reads(true);
    REQUIRE_THROWS_AS(coffer::journal::reader(disk), journal_error);
    REQUIRE_THROWS_AS(opened_log(disk), journal_error);
}
