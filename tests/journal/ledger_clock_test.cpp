#include "journal/ledger_clock.hpp"

#include <atomic>
#include <chrono>

#include "catch.hpp"
#include "core/in_threads.hpp"
#include "snapshot/captured_log.hpp"

using namespace coffer::journal;
using namespace std::chrono_literals;
using coffer::test::captured_log;
using coffer::test::Contains;

namespace {

using ns = std::chrono::nanoseconds;

constexpr std::uint64_t noon = 1'795'867'200'000'000'000;  // 2026-11-28T12:00:00Z

std::uint64_t count(ns duration) {
    return static_cast<std::uint64_t>(duration.count());
}

/// A ledger's clock on a machine whose clocks the test sets. Its journal ends at noon.
struct machine {
    std::uint64_t wall_ns = noon;
    std::uint64_t monotonic_ns = count(50s);
    captured_log log;
    ledger_clock clock;

    explicit machine(ledger_clock::options chosen = {})
        : clock{chosen, {[this] { return wall_ns; }, [this] { return monotonic_ns; }}} {}

    void start(batch_stamp end = {.time_ns = noon, .running_ns = count(1000s)}) {
        clock.begin(end);
    }
    void pass(ns duration) {
        wall_ns += count(duration);
        monotonic_ns += count(duration);
    }
    /// How far record time is after noon.
    [[nodiscard]] ns after_noon() { return ns{clock.stamp().time_ns - noon}; }
    [[nodiscard]] std::string text() const { return log.text(); }
};

}  // namespace

TEST_CASE("ledger_clock: running time goes on where the journal ends, by the monotonic clock",
          "[journal]") {
    machine one;
    one.wall_ns += count(48h);  // down for two days
    one.start();
    CHECK(one.clock.running_ns() == count(1000s));
    one.pass(3s);
    one.wall_ns += count(100h);
    CHECK(one.clock.running_ns() == count(1003s));
    one.wall_ns = noon;
    CHECK(one.clock.stamp().running_ns == count(1003s));
    one.monotonic_ns -= count(2s);  // as it never should
    CHECK(one.clock.running_ns() == count(1003s));
}

TEST_CASE("ledger_clock: record time follows the clock", "[journal]") {
    machine one;
    one.start();
    CHECK(one.after_noon() == 0s);
    one.pass(10s);
    CHECK(one.after_noon() == 10s);
    CHECK(one.clock.offset_ns() == 0);
    CHECK(one.text().empty());
}

TEST_CASE("ledger_clock: a small offset is drawn in by 500 ppm", "[journal]") {
    machine one;
    one.start();
    SECTION("ahead") {
        one.wall_ns += count(10ms);
        one.pass(10s);
        CHECK(one.after_noon() == 10s + 5ms);
        one.pass(10s);
        CHECK(one.after_noon() == 20s + 10ms);
        one.pass(10s);
        CHECK(one.clock.offset_ns() == 0);
    }
    SECTION("behind") {
        one.wall_ns -= count(10ms);
        one.pass(10s);
        CHECK(one.after_noon() == 10s - 5ms);
        one.pass(20s);
        CHECK(one.after_noon() == 30s - 10ms);
        CHECK(one.clock.offset_ns() == 0);
    }
    CHECK(one.text().empty());
}

TEST_CASE("ledger_clock: a step ahead is followed up to the largest, and no further", "[journal]") {
    machine one{{.max_step = 1h}};
    one.start();
    one.wall_ns += count(1h);
    CHECK(one.after_noon() == 1h);
    CHECK_THAT(one.text(), Contains("the clock was set ahead by 3600 s: record time follows it"));
    one.wall_ns += count(1h + 1ns);
    CHECK(one.after_noon() == 1h);
    one.pass(10s);
    CHECK(one.after_noon() == 1h + 10s);
    CHECK(one.clock.offset_ns() == ns{1h + 1ns}.count());
    CHECK_THAT(one.text(), Contains("3600 s ahead of record time") && Contains("--accept-clock"));
    // It is said once.
    const std::string said = one.text();
    one.pass(10s);
    static_cast<void>(one.clock.stamp());
    CHECK(one.text() == said);
    // Set right again.
    one.wall_ns -= count(1h + 1ns);
    CHECK(one.after_noon() == 1h + 20s);
    CHECK(one.clock.offset_ns() == 0);
    CHECK_THAT(one.text(), Contains("record time follows it"));
}

TEST_CASE("ledger_clock: a step back is not followed, and record time goes on more slowly",
          "[journal]") {
    machine one;
    one.start();
    one.pass(2h);
    REQUIRE(one.after_noon() == 2h);
    one.wall_ns -= count(1h);
    CHECK(one.after_noon() == 2h);
    one.pass(1000s);
    CHECK(one.after_noon() == 2h + 1000s - 500ms);
    CHECK_THAT(one.text(), Contains("the clock was set back by 3600 s"));
    one.wall_ns += count(1h);
    CHECK(one.after_noon() == 2h + 1000s);
}

TEST_CASE("ledger_clock: a start takes the clock, and says so if it is a day ahead", "[journal]") {
    machine one;
    SECTION("half a day") {
        one.wall_ns += count(12h);
        one.start();
        CHECK(one.after_noon() == 12h);
        CHECK(one.text().empty());
    }
    SECTION("two days") {
        one.wall_ns += count(48h);
        one.start();
        CHECK(one.after_noon() == 48h);
        CHECK_THAT(one.text(),
                   Contains("2026-11-30T12:00:00Z") && Contains("2026-11-28T12:00:00Z"));
    }
    SECTION("a journal of nothing ends at no time") {
        one.start({});
        CHECK(one.after_noon() == 0s);
        CHECK(one.clock.running_ns() == 0);
        CHECK(one.text().empty());
    }
}

TEST_CASE("ledger_clock: a standby that takes over follows its clock no further than the leader",
          "[journal]") {
    machine one{{.max_step = 1h}};
    const batch_stamp end{.time_ns = noon, .running_ns = count(1000s)};
    SECTION("up to the largest step") {
        one.wall_ns += count(30min + 5s);
        one.clock.take_over(end, 5s);
        CHECK(one.after_noon() == 30min + 5s);
    }
    SECTION("not two days") {
        one.wall_ns += count(48h);
        one.clock.take_over(end, 5s);
        CHECK(one.after_noon() == 5s);
        one.pass(10s);
        CHECK(one.after_noon() == 15s);
        CHECK_THAT(one.text(), Contains("--max-clock-step"));
    }
    SECTION("not back") {
        one.wall_ns -= count(1h);
        one.clock.take_over(end, 5s);
        CHECK(one.after_noon() == 5s);
    }
    CHECK(one.clock.running_ns() >= count(1000s));
    CHECK(one.clock.running_ns() <= count(1010s));
}

TEST_CASE("ledger_clock: a clock behind the journal's end is one that is not set yet",
          "[journal]") {
    machine one;
    one.wall_ns -= count(48h);
    one.start();
    CHECK(one.after_noon() == 0s);
    CHECK_THAT(one.text(), Contains("2026-11-26T12:00:00Z") && Contains("2026-11-28T12:00:00Z"));
    one.pass(10s);
    CHECK(one.after_noon() == 10s - 5ms);
    one.wall_ns += count(1000h);  // it is set
    CHECK(one.after_noon() == 952h + 10s);
    one.wall_ns += count(2h);  // now it is a clock like any other
    CHECK(one.after_noon() == 952h + 10s);
}

TEST_CASE("ledger_clock: a clock before the release is one that is not set yet", "[journal]") {
    machine one;
    one.wall_ns = count(30 * 24h);  // 1970
    one.start({});
    CHECK(one.clock.stamp().time_ns == ledger_clock::release_ns);
    one.wall_ns = noon;
    CHECK(one.after_noon() == 0s);
}

TEST_CASE("ledger_clock: a clock centuries ahead is not believed, whatever the operator says",
          "[journal]") {
    machine one{{.max_step = 24h * 365 * 100, .accept_clock = true}};
    SECTION("at a start") {
        one.wall_ns += count(24h * 365 * 280);
        one.start();
        CHECK(one.after_noon() == 0s);
        one.pass(1s);
        CHECK(one.after_noon() == 1s);
        one.wall_ns = noon + count(1h);
        CHECK(one.after_noon() == 1h);
    }
    SECTION("while it runs") {
        one.start();
        one.wall_ns += count(24h * 365 * 280);
        CHECK(one.after_noon() == 0s);
        one.wall_ns = noon + count(1h);
        CHECK(one.after_noon() == 1h);
    }
}

TEST_CASE("ledger_clock: a clock that was too far ahead is still so at the next start",
          "[journal]") {
    const batch_stamp end{
        .time_ns = noon, .running_ns = count(1000s), .clock_offset_ns = ns{240h}.count()};
    SECTION("unless the operator says that it is right") {
        machine one{{.accept_clock = true}};
        one.wall_ns += count(241h);
        one.start(end);
        CHECK(one.after_noon() == 241h);
    }
    SECTION("unless it has been set right") {
        machine one;
        one.wall_ns += count(1h);
        one.start(end);
        CHECK(one.after_noon() == 1h);
    }
    SECTION("be it adjusted a little meanwhile") {
        machine one;
        one.wall_ns += count(240h - 30s);
        one.start(end);
        CHECK(one.after_noon() == 0s);
    }
    SECTION("and is not followed") {
        machine one;
        one.wall_ns += count(241h);
        one.start(end);
        CHECK(one.after_noon() == 0s);
        CHECK_THAT(one.text(), Contains("--accept-clock"));
        one.pass(5s);
        CHECK(one.after_noon() == 5s);
    }
}

TEST_CASE("ledger_clock: an operator's word for a clock that is behind is not a step to come",
          "[journal]") {
    machine one{{.accept_clock = true}};
    one.wall_ns -= count(48h);
    one.start();
    CHECK(one.after_noon() == 0s);
    one.wall_ns += count(1000h);
    CHECK(one.after_noon() == 0s);
}

TEST_CASE("ledger_clock: between stamps record time is read no later than the next stamp",
          "[journal]") {
    machine one;
    one.start();
    const auto read = [&one] { return ns{one.clock.record_ns() - noon}; };
    CHECK(read() == 0s);
    one.wall_ns -= count(10ms);
    one.pass(10s);
    CHECK(read() == 10s - 5ms);
    CHECK(one.after_noon() == 10s - 5ms);
    one.pass(1us);
    CHECK(read() == 10s - 5ms + 1us);
    CHECK(one.after_noon() == 10s - 5ms + 1us);
    one.wall_ns += count(60s + 10ms);
    one.pass(10s);
    CHECK(read() == 20s - 10ms + 1us);
    CHECK(one.after_noon() == 80s + 1us);
    CHECK(read() == 80s + 1us);
    one.monotonic_ns -= count(2s);  // as it never should
    CHECK(read() == 80s + 1us);
}

TEST_CASE("ledger_clock: reading record time does not keep it from approaching the clock",
          "[journal]") {
    machine one;
    one.start();
    one.wall_ns += count(100ms);
    for (int i = 0; i != 1'000'000; ++i) {
        one.pass(1us);
        static_cast<void>(one.clock.record_ns());
    }
    CHECK(one.clock.offset_ns() == ns{100ms - 500us}.count());
}

TEST_CASE("ledger_clock: record time goes back in no thread, whichever one stamps", "[journal]") {
    constexpr int rounds = 20'000;
    std::atomic<std::uint64_t> ticks_ns{count(50s)};
    ledger_clock clock{
        {}, {[&] { return noon + ticks_ns; }, [&] { return ticks_ns.fetch_add(count(1ms)); }}};
    std::atomic<int> wrong{0};
    coffer::tests::in_threads(3, [&](std::size_t index) {
        for (int i = 0; i != rounds; ++i) {
            const std::uint64_t before_ns = clock.record_ns();
            const std::uint64_t between_ns = index == 2 ? clock.record_ns() : clock.stamp().time_ns;
            const std::uint64_t after_ns = clock.record_ns();
            if (between_ns < before_ns || after_ns < between_ns)
                ++wrong;
        }
    });
    CHECK(wrong == 0);
}
