#include "audit/wide_money.hpp"

#include <cstdint>
#include <limits>

#include <coffer/money.hpp>

#include "catch.hpp"

using namespace coffer::audit;

TEST_CASE("wide money: looks as money does", "[audit]") {
    for (const std::int64_t minor :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{10}, std::int64_t{99}, std::int64_t{100},
          std::int64_t{-1}, std::int64_t{-120}, std::int64_t{123'456},
          std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()})
        REQUIRE(to_money_text(minor) == to_string(coffer::money::from_minor(minor)));
}

TEST_CASE("wide money: goes beyond 64 bits", "[audit]") {
    const auto most = wide_minor{std::numeric_limits<std::int64_t>::max()};
    REQUIRE(to_money_text(most * 10) == "922337203685477580.7");
    REQUIRE(to_money_text(most * -1000) == "-92233720368547758070.0");
}
