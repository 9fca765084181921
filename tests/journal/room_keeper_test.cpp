#include "journal/room_keeper.hpp"

#include <chrono>
#include <thread>

#include "catch.hpp"
#include "memory_log.hpp"

using coffer::journal::room_keeper;
using coffer::test::memory_log;
using namespace std::chrono_literals;

TEST_CASE("room_keeper: makes room at once, and whenever poked", "[journal]") {
    memory_log log;
    room_keeper keeper{log, 1, 1h};
    while (log.asked_for_room != 1)
        std::this_thread::sleep_for(1ms);
    keeper.poke();
    while (log.asked_for_room != 2)
        std::this_thread::sleep_for(1ms);
}

TEST_CASE("room_keeper: has tried to make room before it returns if there is too little",
          "[journal]") {
    memory_log log;
    log.room = false;
    const room_keeper keeper{log, 1, 1h};
    REQUIRE(log.asked_for_room == 1);
}

TEST_CASE("room_keeper: tries again by itself until there is room", "[journal]") {
    memory_log log;
    log.room = false;
    room_keeper keeper{log, 1, 1ms};
    while (log.asked_for_room < 4)
        std::this_thread::sleep_for(1ms);
    log.room = true;
    SUCCEED("it ends when asked to, in whichever state it is");
}
