#include "http/event_loop.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "catch.hpp"

using namespace coffer::http;
using interest = event_loop::interest;

namespace {

/// Both ends of a stream.
struct ends {
    ends() {
        std::array<int, 2> numbers{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, numbers.data()) == 0);
        ours = descriptor{numbers[0]};
        theirs = descriptor{numbers[1]};
    }
    descriptor ours;
    descriptor theirs;
};

struct calling final : event_loop::watcher {
    void on_ready() noexcept override { call(); }
    std::function<void()> call;
};

void send(const descriptor& to) {
    REQUIRE(::write(to.number(), "x", 1) == 1);
}

}  // namespace

TEST_CASE("event_loop: tells of a descriptor for as long as it is ready", "[http]") {
    event_loop loop;
    ends pair;
    calling told;
    int turns = 0;
    told.call = [&] {
        char byte = 0;
        if (++turns == 3) {
            CHECK(::read(pair.ours.number(), &byte, 1) == 1);
            loop.post([&loop] { loop.stop(); });
        }
    };
    loop.add(pair.ours.number(), told, interest::read);
    send(pair.theirs);
    loop.run([](std::uint64_t) {});
    CHECK(turns == 3);
}

TEST_CASE("event_loop: tells nothing that was not asked for", "[http]") {
    event_loop loop;
    ends quiet;
    ends busy;
    calling quiet_told;
    calling busy_told;
    int quiet_turns = 0;
    int busy_turns = 0;
    quiet_told.call = [&] { ++quiet_turns; };
    busy_told.call = [&] {
        if (++busy_turns == 10)
            loop.stop();
    };
    loop.add(quiet.ours.number(), quiet_told, interest::read);
    loop.change(quiet.ours.number(), quiet_told, interest::nothing);
    loop.add(busy.ours.number(), busy_told, interest::read);
    loop.change(busy.ours.number(), busy_told, interest::write);
    send(quiet.theirs);
    loop.run([](std::uint64_t) {});
    CHECK(quiet_turns == 0);
    CHECK(busy_turns == 10);
}

TEST_CASE("event_loop: calls what other threads post, in order, whatever it throws", "[http]") {
    event_loop loop;
    std::vector<int> called;
    std::thread poster{[&] {
        for (int i = 0; i != 100; ++i)
            loop.post([&called, i] {
                called.push_back(i);
                if (i % 10 == 0)
                    throw std::runtime_error{"one of these"};
            });
        loop.post([&loop] { loop.stop(); });
    }};
    loop.run([](std::uint64_t) {});
    poster.join();
    REQUIRE(called.size() == 100);
    CHECK(std::is_sorted(called.begin(), called.end()));
}

TEST_CASE("event_loop: what a task destroys is not told any more", "[http]") {
    event_loop loop;
    ends pair;
    calling told;
    bool closed = false;
    int turns = 0;
    told.call = [&] {
        CHECK_FALSE(closed);
        ++turns;
    };
    loop.add(pair.ours.number(), told, interest::read);
    // The task is due before the descriptor is ready, in the same round.
    loop.post([&] {
        pair.ours.close();
        closed = true;
        loop.post([&loop] { loop.stop(); });
    });
    send(pair.theirs);
    loop.run([](std::uint64_t) {});
    CHECK(closed);
    CHECK(turns == 1);
}

TEST_CASE("event_loop: ticks", "[http]") {
    event_loop loop;
    int ticks = 0;
    loop.run([&](std::uint64_t seconds) {
        CHECK(seconds == 1);
        if (++ticks == 2)
            loop.stop();
    });
    CHECK(ticks == 2);
}

TEST_CASE("event_loop: a tick says how many seconds it was held up", "[http]") {
    event_loop loop;
    std::uint64_t seconds = 0;
    loop.post([] { std::this_thread::sleep_for(std::chrono::milliseconds{2100}); });
    loop.run([&](std::uint64_t passed) {
        seconds += passed;
        loop.stop();
    });
    CHECK(seconds >= 2);
}

TEST_CASE("event_loop: begins a round though nothing is ready, if it is not to wait", "[http]") {
    event_loop loop;
    int rounds = 0;
    bool ticked = false;
    loop.wait_at_most(std::chrono::milliseconds{1});
    loop.run([&ticked](std::uint64_t) { ticked = true; },
             [&] {
                 if (++rounds == 3)
                     loop.stop();
             });
    CHECK(rounds == 3);
    CHECK_FALSE(ticked);
}
