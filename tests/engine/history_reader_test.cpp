#include "engine/history_reader.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "journal/interruption.hpp"
#include "journal/memory_log.hpp"
#include "journal/scanned_history.hpp"

using coffer::history_job;
using coffer::history_reader;
using coffer::service;

namespace {

using std::chrono::steady_clock;

void wait_until(const std::function<bool()>& is_so) {
    for (int left = 120'000; !is_so(); --left) {
        REQUIRE(left != 0);
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}

struct short_job final : history_job {
    void read(coffer::journal::history&) override { ++runs; }
    std::atomic<int> runs{0};
};

/// A question to a long journal: has no end of its own.
struct long_job final : history_job {
    explicit long_job(std::atomic<int>& counted) : running{counted} {}
    void read(coffer::journal::history&) override {
        ++running;
        try {
            for (;;) {
                coffer::journal::interruption::check();
                std::this_thread::sleep_for(std::chrono::milliseconds{1});
            }
        } catch (...) {
            --running;
            throw;
        }
    }
    std::atomic<int>& running;
};

struct read_journal {
    coffer::test::memory_log log;
    coffer::journal::scanned_history past{log};
    std::atomic<int> running{0};
    history_reader reader{past, [] { return std::uint64_t{0}; }, {.threads = 1}};
};

}  // namespace

TEST_CASE("history_reader: a job that is forgotten ends early, and the next one is run",
          "[engine]") {
    read_journal one;
    auto forgotten = std::make_shared<long_job>(one.running);
    REQUIRE(one.reader.ask(forgotten, {}) == service::done);
    wait_until([&] { return one.running == 1; });
    const auto next = std::make_shared<short_job>();
    REQUIRE(one.reader.ask(next, {}) == service::done);
    forgotten.reset();
    wait_until([&] { return next->is_done(); });
    CHECK(next->now() == history_job::outcome::done);
    CHECK(one.running == 0);
}

TEST_CASE("history_reader: jobs that are forgotten take no place, and are not run", "[engine]") {
    read_journal one;
    auto first = std::make_shared<long_job>(one.running);
    REQUIRE(one.reader.ask(first, {}) == service::done);
    wait_until([&] { return one.running == 1; });
    std::vector<std::shared_ptr<short_job>> others;
    for (std::size_t i = 0; i != history_reader::max_waiting; ++i) {
        others.push_back(std::make_shared<short_job>());
        REQUIRE(one.reader.ask(others.back(), {}) == service::done);
    }
    const auto wanted = std::make_shared<short_job>();
    REQUIRE(one.reader.ask(wanted, {}) == service::unavailable);
    others.clear();
    int ends = 0;
    REQUIRE(one.reader.ask(wanted, [&ends] { ++ends; }) == service::done);
    first.reset();
    wait_until([&] { return wanted->is_done(); });
    CHECK(wanted->runs == 1);
    one.reader.stop();
    CHECK(ends == 1);
}

TEST_CASE("history_reader: stopping ends a long job as late, and those that wait", "[engine]") {
    read_journal one;
    const auto running = std::make_shared<long_job>(one.running);
    const auto waiting = std::make_shared<short_job>();
    std::atomic<int> ends{0};
    REQUIRE(one.reader.ask(running, [&ends] { ++ends; }) == service::done);
    wait_until([&] { return one.running == 1; });
    REQUIRE(one.reader.ask(waiting, [&ends] { ++ends; }) == service::done);
    CHECK(one.reader.stop_by(steady_clock::now() + std::chrono::minutes{2}));
    CHECK(running->now() == history_job::outcome::late);
    CHECK(waiting->now() == history_job::outcome::late);
    CHECK(ends == 2);
    CHECK(waiting->runs == 0);
    CHECK(one.reader.ask(waiting, {}) == service::unavailable);
}
