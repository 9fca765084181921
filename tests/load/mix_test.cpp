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
    CHECK(picked == std::array{600, 250, 150});
}

TEST_CASE("mix: never picks what is not named", "[load]") {
    const auto chosen = mix::parse("withdraw=1");
    REQUIRE(chosen);
    for (std::uint64_t i = 0; i != 10; ++i)
        CHECK(chosen->pick(i) == operation::withdraw);
}

TEST_CASE("mix: refuses what is no mix", "[load]") {
    const auto* const text =
        GENERATE("", "balance", "balance=", "balance=x", "balance=-1", "transfer=1", "balance=0",
                 "balance=1,", "balance=1,balance=2", "balance=1000001", "=1");
    CAPTURE(text);
    CHECK_FALSE(mix::parse(text));
}
