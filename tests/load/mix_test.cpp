#include "load/mix.hpp"

#include <array>

#include "catch.hpp"

using namespace coffer::load;

TEST_CASE("mix: picks each operation as often as its weight says", "[load]") {
    const auto chosen = mix::parse("balance=60,deposit=25,withdraw=15");
    REQUIRE(chosen);
    std::array<int, operation_count> picked{};
    for (std::uint64_t i = 0; i != 1000; ++i)
        ++picked[place(chosen->pick(i))];
    CHECK(picked == std::array<int, operation_count>{600, 250, 150});
}

TEST_CASE("mix: never picks what is not named", "[load]") {
    const auto chosen = mix::parse("withdraw=1");
    REQUIRE(chosen);
    for (std::uint64_t i = 0; i != 10; ++i)
        CHECK(chosen->pick(i) == operation::withdraw);
}

TEST_CASE("mix: knows every operation, and which it has", "[load]") {
    const auto chosen = mix::parse("release=1,capture=1,hold=1,transaction=1,transfer=2");
    REQUIRE(chosen);
    for (const operation one : {operation::release, operation::capture, operation::hold,
                                operation::transaction, operation::transfer})
        CHECK(chosen->has(one));
    for (const operation one : {operation::balance, operation::deposit, operation::withdraw})
        CHECK_FALSE(chosen->has(one));
}

TEST_CASE("mix: refuses what is no mix", "[load]") {
    const auto* const text =
        GENERATE("", "balance", "balance=", "balance=x", "balance=-1", "transfers=1", "balance=0",
                 "balance=1,", "balance=1,balance=2", "balance=1000001", "=1");
    CAPTURE(text);
    CHECK_FALSE(mix::parse(text));
}
