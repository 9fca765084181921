#include "snapshot/snapshotter.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "captured_log.hpp"
#include "catch.hpp"
#include "ops/file_calls.hpp"
#include "snapshot/accounts_reader.hpp"
#include "some_marks.hpp"
#include "temporary_directory.hpp"

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using coffer::ledger;
using coffer::money;
using coffer::posting;
using coffer::snapshot::snapshot_directory;
using coffer::snapshot::snapshotter;
using coffer::test::busy_marks;
using coffer::test::captured_log;
using coffer::test::some_marks;
using coffer::test::temporary_directory;
using coffer::test::write_file;

namespace {

/// Whether it comes true in a time that is ample anywhere.
template <class Condition>
bool in_time(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + 120s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

std::vector<posting> accounts_in(const fs::path& file) {
    std::vector<posting> accounts;
    coffer::snapshot::read_accounts(file,
                                    [&accounts](const posting& each) -> std::optional<std::string> {
                                        accounts.push_back(each);
                                        return std::nullopt;
                                    });
    return accounts;
}

using coffer::test::Contains;

}  // namespace

TEST_CASE("snapshotter: takes one every period", "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    coffer::ledger ledger;
    snapshotter taker{ledger, snapshot_directory{place.path()}, {1ms, 2}, busy_marks()};
    CHECK(in_time([&] { return taker.taken() >= 3; }));
    taker.stop();
    CHECK(taker.failed() == 0);
    const fs::path newest = place.path() / (std::to_string(taker.taken()) + ".json");
    CHECK(snapshot_directory{place.path()}.latest() == newest);
    CHECK_THAT(log.text(), Contains("info snapshot " + newest.string() + ": 0 accounts, "));
    CHECK_THAT(log.text(), !Contains("error"));
}

TEST_CASE("snapshotter: waits a whole period for each", "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    coffer::ledger ledger;
    const auto begin = std::chrono::steady_clock::now();
    snapshotter taker{ledger, snapshot_directory{place.path()}, {30ms, 2}, busy_marks()};
    CHECK(in_time([&] { return taker.taken() >= 3; }));
    CHECK(std::chrono::steady_clock::now() - begin >= 90ms);
}

TEST_CASE("snapshotter: with no period, or an endless one, takes the last one alone",
          "[snapshot]") {
    const captured_log log;
    for (const auto every : {0ms, std::chrono::milliseconds::max()}) {
        const temporary_directory place;
        coffer::ledger ledger;
        snapshotter taker{ledger, snapshot_directory{place.path()}, {every, 2}, some_marks()};
        std::this_thread::sleep_for(20ms);
        CHECK(taker.taken() == 0);
        REQUIRE(ledger.open(7, money::from_minor(5)));
        taker.stop();
        CHECK(taker.taken() == 1);
        taker.stop();
        CHECK(taker.taken() == 1);
        CHECK(accounts_in(place.path() / "1.json").size() == 1);
    }
}

TEST_CASE("snapshotter: takes the last one when it goes, too", "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    coffer::ledger ledger;
    { const snapshotter taker{ledger, snapshot_directory{place.path()}, {0ms, 2}, some_marks()}; }
    CHECK(fs::exists(place.path() / "1.json"));
}

TEST_CASE("snapshotter: counts and logs failures, and goes on when the cause is gone",
          "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    const fs::path there = place.path() / "snapshots";
    coffer::ledger ledger;
    snapshotter taker{ledger, snapshot_directory{there}, {5ms, 2}, busy_marks()};
    REQUIRE(in_time([&] { return taker.taken() >= 1; }));
    fs::rename(there, place.path() / "away");
    write_file(there, "in the way");
    REQUIRE(in_time([&] { return taker.failed() >= 3; }));
    const std::uint64_t taken = taker.taken();
    fs::remove(there);
    fs::rename(place.path() / "away", there);
    CHECK(in_time([&] { return taker.taken() >= taken + 2; }));
    taker.stop();

    CHECK(fs::exists(there / (std::to_string(taker.taken()) + ".json")));
    CHECK_THAT(log.text(), Contains("error a snapshot failed, 1 so far: " + there.string()));
    CHECK_THAT(log.text(), Contains("error a snapshot failed, 3 so far: " + there.string()));
    CHECK_THAT(log.text(), Contains("Not a directory"));
    const std::string again = "info snapshots work again, after ";
    CHECK_THAT(log.text(), Contains(again + std::to_string(taker.failed()) + " that failed"));
    CHECK(log.text().find(again) == log.text().rfind(again));
}

TEST_CASE("snapshotter: a last one that fails is counted and not thrown", "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    coffer::ledger ledger;
    snapshotter taker{
        ledger, snapshot_directory{place.path() / "snapshots"}, {0ms, 2}, some_marks()};
    fs::remove(place.path() / "snapshots");
    write_file(place.path() / "snapshots", "");
    taker.stop();
    CHECK(taker.taken() == 0);
    CHECK(taker.failed() == 1);
}

TEST_CASE("snapshotter: each account is whole while others post to it", "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    constexpr coffer::account_number accounts = 100;
    coffer::ledger ledger;
    for (coffer::account_number number = 1; number <= accounts; ++number)
        REQUIRE(ledger.open(number));
    snapshotter taker{ledger, snapshot_directory{place.path()}, {1ms, 1000}, busy_marks()};
    std::array<std::thread, 2> posters;
    std::atomic<bool> done{false};
    for (std::thread& poster : posters)
        poster = std::thread{[&ledger, &done] {
            for (coffer::account_number i = 0; !done; ++i)
                static_cast<void>(ledger.deposit(i % accounts + 1, money::from_minor(1)));
        }};
    CHECK(in_time([&] { return taker.taken() >= 20; }));
    done = true;
    for (std::thread& poster : posters)
        poster.join();
    taker.stop();

    std::array<std::uint64_t, accounts + 1> last{};
    for (std::uint64_t number = 1; number <= taker.taken(); ++number) {
        std::uint64_t wrong = 0;
        const auto found = accounts_in(place.path() / (std::to_string(number) + ".json"));
        for (const posting& each : found) {
            // Opened with nothing, each deposit a cent: a torn pair would show.
            if (each.sequence != static_cast<std::uint64_t>(each.balance.minor()) + 1)
                ++wrong;
            if (each.sequence < last[each.account])
                ++wrong;
            last[each.account] = each.sequence;
        }
        CHECK(found.size() == accounts);
        CHECK(wrong == 0);
    }
    for (coffer::account_number number = 1; number <= accounts; ++number)
        CHECK(ledger.balance(number).posting.sequence == last[number]);
}

TEST_CASE("snapshotter: writes a ledger again only when its journal has another record",
          "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    coffer::ledger ledger;
    std::atomic<std::uint64_t> durable{7};
    std::atomic<int> attempts{0};
    auto marks = some_marks();
    marks.durable_record = [&durable] { return durable.load(); };
    marks.on_attempt = [&attempts] { ++attempts; };
    snapshotter taker{ledger, snapshot_directory{place.path()}, {1ms, 2}, marks};
    const auto attempt_again = [&attempts] {
        return in_time([&attempts, so_far = attempts.load()] { return attempts >= so_far + 3; });
    };
    REQUIRE(attempt_again());
    CHECK(taker.taken() == 1);
    durable = 8;
    REQUIRE(attempt_again());
    CHECK(taker.taken() == 2);
    SECTION("nor at the end") {
        taker.stop();
        CHECK(taker.taken() == 2);
        CHECK(taker.last_was_taken());
    }
    SECTION("but when the newest was removed") {
        fs::remove(place.path() / "2.json");
        REQUIRE(attempt_again());
        CHECK(taker.taken() == 3);
    }
    SECTION("nor after a start that found all in the newest") {
        taker.stop();
        snapshotter next{ledger, snapshot_directory{place.path()}, {1ms, 2, 8}, marks};
        REQUIRE(attempt_again());
        CHECK(next.taken() == 0);
        durable = 9;
        next.stop();
        CHECK(next.taken() == 1);
    }
    SECTION("but after a start that found less") {
        taker.stop();
        snapshotter next{ledger, snapshot_directory{place.path()}, {0ms, 2, 7}, marks};
        next.stop();
        CHECK(next.taken() == 1);
    }
    CHECK(taker.failed() == 0);
}

TEST_CASE("snapshotter: takes one again that failed, be there another record or not",
          "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    coffer::ledger ledger;
    std::atomic<int> failures{3};
    auto marks = some_marks();
    marks.barrier = [&failures]() -> std::optional<std::uint64_t> {
        if (failures-- > 0)
            return std::nullopt;
        return 9;
    };
    snapshotter taker{ledger, snapshot_directory{place.path()}, {1ms, 2}, marks};
    CHECK(in_time([&] { return taker.taken() == 1; }));
    CHECK(taker.failed() == 3);
}

TEST_CASE("snapshotter: rests as long as a snapshot took that took longer than the period",
          "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    coffer::ledger ledger;
    constexpr auto slow = 40ms;
    std::vector<std::chrono::steady_clock::time_point> begun;
    auto marks = busy_marks();
    marks.barrier = [&begun, slow]() -> std::optional<std::uint64_t> {
        begun.push_back(std::chrono::steady_clock::now());
        std::this_thread::sleep_for(slow);
        return 1000;
    };
    snapshotter taker{ledger, snapshot_directory{place.path()}, {1ms, 2}, marks};
    REQUIRE(in_time([&] { return taker.taken() >= 3; }));
    taker.stop();
    for (std::size_t i = 1; i < 3; ++i)
        CHECK(begun[i] - begun[i - 1] >= 2 * slow);
}

TEST_CASE("snapshotter: is given up when no call of the file system returns", "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    coffer::ledger ledger;
    std::promise<void> answer;
    auto marks = some_marks();
    SECTION("in the last snapshot") {
        marks.barrier = [&]() -> std::optional<std::uint64_t> {
            answer.get_future().wait();
            return 9;
        };
        snapshotter taker{ledger, snapshot_directory{place.path()}, {0ms, 2}, marks};
        CHECK_FALSE(taker.stop_unless_stuck(10ms));
        CHECK(taker.taken() == 0);
        answer.set_value();
        CHECK(taker.stop_unless_stuck(1h));
        CHECK(taker.taken() == 1);
    }
    SECTION("in one that was under way") {
        std::atomic<bool> is_under_way{false};
        marks.barrier = [&]() -> std::optional<std::uint64_t> {
            if (!is_under_way.exchange(true))
                answer.get_future().wait();
            return 9;
        };
        snapshotter taker{ledger, snapshot_directory{place.path()}, {1ms, 2}, marks};
        REQUIRE(in_time([&] { return is_under_way.load(); }));
        CHECK_FALSE(taker.stop_unless_stuck(10ms));
        answer.set_value();
        CHECK(taker.stop_unless_stuck(1h));
        CHECK(taker.failed() == 0);
    }
}

TEST_CASE("snapshotter: is waited for as long as calls of the file system return", "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    coffer::ledger ledger;
    constexpr auto patience = 1s;
    auto marks = some_marks();
    marks.barrier = [&]() -> std::optional<std::uint64_t> {
        const auto until = std::chrono::steady_clock::now() + 2 * patience;
        while (std::chrono::steady_clock::now() < until) {
            std::this_thread::sleep_for(1ms);
            static_cast<void>(coffer::sync_directory(place.path()));
        }
        return 9;
    };
    snapshotter taker{ledger, snapshot_directory{place.path()}, {0ms, 2}, marks};
    CHECK(taker.stop_unless_stuck(patience));
    CHECK(taker.taken() == 1);
}

TEST_CASE("snapshotter: says so after each attempt, once it is known how it went", "[snapshot]") {
    const captured_log log;
    const temporary_directory place;
    coffer::ledger ledger;
    std::uint64_t said = 0;
    std::string log_then;
    auto marks = some_marks();
    marks.on_attempt = [&] {
        ++said;
        log_then = log.text();
    };
    SECTION("taken") {
        snapshotter taker{ledger, snapshot_directory{place.path()}, {0ms, 2}, marks};
        taker.stop();
        CHECK(said == 1);
        CHECK_THAT(log_then, Contains("1.json: 0 accounts"));
    }
    SECTION("failed") {
        marks.barrier = [] { return std::nullopt; };
        snapshotter taker{ledger, snapshot_directory{place.path()}, {0ms, 2}, marks};
        taker.stop();
        CHECK(said == 1);
        CHECK(taker.failed() == 1);
        CHECK_THAT(log_then, Contains("the journal has failed"));
    }
}
