#include "ops/text.hpp"

#include <cstdint>
#include <limits>

#include <coffer/money.hpp>

#include "catch.hpp"

using coffer::to_money_text;
using coffer::to_utf8;
using coffer::wide_minor;

TEST_CASE("utf8: what is UTF-8 stays as it is", "[ops]") {
    for (const char* text : {"", "plain", "caf\xc3\xa9", "\xe0\xa0\x80", "\xed\x9f\xbf",
                             "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\x7f\n"})
        CHECK(to_utf8(text) == text);
    CHECK(to_utf8({"\0", 1}) == std::string(1, '\0'));
}

TEST_CASE("utf8: each byte that is part of no sequence is replaced", "[ops]") {
    const std::string mark = "\xef\xbf\xbd";
    CHECK(to_utf8("caf\xe9!") == "caf" + mark + "!");
    CHECK(to_utf8("\x80") == mark);
    CHECK(to_utf8("\xc0\xaf") == mark + mark);  // longer than need be
    CHECK(to_utf8("\xe0\x9f\xbf") == mark + mark + mark);
    CHECK(to_utf8("\xed\xa0\x80") == mark + mark + mark);  // a surrogate
    CHECK(to_utf8("\xf4\x90\x80\x80") == mark + mark + mark + mark);
    CHECK(to_utf8("\xf5") == mark);
    CHECK(to_utf8("\xc3") == mark);  // cut off
    CHECK(to_utf8("\xe2\x82") == mark + mark);
    CHECK(to_utf8("\xf0\x9f\x92") == mark + mark + mark);
    CHECK(to_utf8("\xe2(\xa1") == mark + "(" + mark);
}

TEST_CASE("text: a sum of money looks as money does", "[ops]") {
    for (const std::int64_t minor :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{10}, std::int64_t{99}, std::int64_t{100},
          std::int64_t{-1}, std::int64_t{-120}, std::int64_t{123'456},
          std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()})
        REQUIRE(to_money_text(minor) == to_string(coffer::money::from_minor(minor)));
}

TEST_CASE("text: a sum of money may exceed 64 bits", "[ops]") {
    const auto most = wide_minor{std::numeric_limits<std::int64_t>::max()};
    REQUIRE(to_money_text(most * 10) == "922337203685477580.7");
    REQUIRE(to_money_text(most * -1000) == "-92233720368547758070.0");
}
