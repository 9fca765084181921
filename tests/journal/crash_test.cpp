// Crashes at every call that changes anything, with what was not synced lost, torn and reordered.
#include <string>

#include "catch.hpp"
#include "faulty_storage.hpp"
#include "journal/journal_error.hpp"
#include "journal_run.hpp"

using coffer::ledger;
using coffer::journal::journal_error;
using coffer::test::faulty_storage;
using coffer::test::journal_run;
using coffer::test::promises;
using coffer::test::recover;

namespace {

/// Recovers and lives on until the end of so many turns, or a crash.
void live(faulty_storage& disk, promises& given, std::uint64_t seed, int turns) {
    coffer::ledger ledger;
    const std::string wrong = recover(disk, given, ledger);
    REQUIRE(wrong.empty());
    try {
        journal_run run{disk, given, ledger, seed};
        if (run.run(turns))
            static_cast<void>(run.close());
    } catch (const journal_error& refused) {
        INFO(refused.what());
        REQUIRE(disk.crashed());  // it opens otherwise
    }
}

/// How many calls a life makes that nothing happens to.
std::uint64_t count_calls(std::uint64_t seed, int turns) {
    faulty_storage disk;
    promises given;
    live(disk, given, seed, turns);
    return disk.calls();
}

}  // namespace

TEST_CASE("journal: nothing acknowledged is lost, wherever it crashes", "[journal][crash]") {
    constexpr int turns = 40;
    std::uint64_t crashes = 0;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        const std::uint64_t calls = count_calls(seed, turns);
        REQUIRE(calls > 100);
        for (std::uint64_t call = 1; call <= calls; ++call) {
            INFO("seed " << seed << ", call " << call << " of " << calls);
            faulty_storage disk;
            promises given;
            disk.crash_at(call, seed * 1'000 + call);
            live(disk, given, seed, turns);
            REQUIRE(disk.crashed());
            ++crashes;
            disk.restart();
            live(disk, given, seed + 100, 5);
            REQUIRE_FALSE(disk.crashed());
            live(disk, given, seed + 200, 0);
        }
    }
    CHECK(crashes > 1'000);
}

TEST_CASE("journal: nothing acknowledged is lost when recovery crashes too", "[journal][crash]") {
    constexpr int turns = 12;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        INFO("seed " << seed);
        faulty_storage disk;
        promises given;
        disk.crash_at(20 + seed % 60, seed);
        live(disk, given, seed, turns);
        for (std::uint64_t again = 1; again != 9; ++again) {
            INFO("crash " << again << " of its recovery");
            disk.restart();
            disk.crash_at(again, seed + again);
            live(disk, given, seed * 10 + again, 3);
        }
        disk.restart();
        live(disk, given, seed + 1'000, 3);
        live(disk, given, seed + 2'000, 0);
        REQUIRE_FALSE(disk.crashed());
    }
}
