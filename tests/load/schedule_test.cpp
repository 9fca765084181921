#include "load/schedule.hpp"

#include "catch.hpp"

using coffer::load::schedule;

TEST_CASE("schedule: has each request due at its own time", "[load]") {
    schedule steady{1000, 500};
    CHECK_FALSE(steady.take(499));
    CHECK(steady.take(500) == 500);
    CHECK_FALSE(steady.take(1'000'499));
    CHECK(steady.take(1'000'500) == 1'000'500);
}

TEST_CASE("schedule: keeps the time a request was meant for while nothing can be sent", "[load]") {
    schedule steady{1000, 0};
    constexpr std::int64_t much_later = 5'000'000;
    for (std::int64_t i = 0; i <= 5; ++i)
        CHECK(steady.take(much_later) == i * 1'000'000);
    CHECK_FALSE(steady.take(much_later));
}

TEST_CASE("schedule: does not drift over hours", "[load]") {
    schedule steady{3, 0};
    for (int i = 0; i != 30'000; ++i)
        steady.take(INT64_MAX);
    CHECK(steady.next_ns() == 10'000'000'000'000);
}

TEST_CASE("schedule: counts what was due and never taken", "[load]") {
    schedule steady{1000, 0};
    CHECK(steady.left(0) == 0);
    CHECK(steady.left(1) == 1);
    CHECK(steady.left(1'000'000) == 1);
    CHECK(steady.left(10'000'000) == 10);
    steady.take(0);
    CHECK(steady.left(10'000'000) == 9);
}
