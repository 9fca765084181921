#include "ops/utf8.hpp"

#include "catch.hpp"

using coffer::to_utf8;

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
