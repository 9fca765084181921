#include "journal/log_keeper.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "catch.hpp"
#include "memory_log.hpp"

using coffer::test::memory_log;
using namespace coffer::journal;
using namespace std::chrono_literals;

namespace {

class movable_log : public memory_log {
public:
    [[nodiscard]] log_status check_in_place() override {
        ++looks;
        return moved ? log_status{log_errc::failed, "it was moved"} : log_status{};
    }
    std::atomic<bool> moved{false};
    std::atomic<int> looks{0};
};

}  // namespace

TEST_CASE("place keeper: reports once that the log is not in its place", "[journal]") {
    movable_log log;
    std::atomic<int> losses{0};
    std::string reason;
    {
        const place_keeper watching{log, 1ms, [&](const std::string& why) {
                                        reason = why;
                                        ++losses;
                                    }};
        while (log.looks < 3)
            std::this_thread::sleep_for(1ms);
        CHECK(losses == 0);
        log.moved = true;
        while (losses == 0)
            std::this_thread::sleep_for(1ms);
    }
    CHECK(losses == 1);
    CHECK(reason == "it was moved");
}

TEST_CASE("place keeper: ends at once, however seldom it looks", "[journal]") {
    movable_log log;
    {
        const place_keeper watching{log, 1h, [](const std::string&) {}};
    }
    CHECK(log.looks == 0);
}

TEST_CASE("room keeper: makes room at once, and whenever poked", "[journal]") {
    memory_log log;
    room_keeper keeper{log, 1, 1h};
    while (log.asked_for_room != 1)
        std::this_thread::sleep_for(1ms);
    keeper.poke();
    while (log.asked_for_room != 2)
        std::this_thread::sleep_for(1ms);
}

TEST_CASE("room keeper: has tried to make room before it returns if there is too little",
          "[journal]") {
    memory_log log;
    log.room = false;
    const room_keeper keeper{log, 1, 1h};
    REQUIRE(log.asked_for_room == 1);
}

TEST_CASE("room keeper: tries again by itself until there is room", "[journal]") {
    memory_log log;
    log.room = false;
    room_keeper keeper{log, 1, 1ms};
    while (log.asked_for_room < 4)
        std::this_thread::sleep_for(1ms);
    log.room = true;
    SUCCEED("it ends when asked to, in whichever state it is");
}
