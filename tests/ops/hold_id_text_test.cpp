#include "ops/hold_id_text.hpp"

#include <string>

#include "catch.hpp"

using coffer::append_hold_id;
using coffer::hold_id;
using coffer::parse_hold_id;

TEST_CASE("parse_hold_id: reads what append_hold_id writes", "[ops]") {
    for (const hold_id& id : {hold_id{1, 0}, hold_id{7, 12}, hold_id{4'398'046'511'103, 4294967295},
                              hold_id{18446744073709551615U, 1}}) {
        std::string text;
        append_hold_id(text, id);
        CHECK(parse_hold_id(text) == id);
    }
}

TEST_CASE("parse_hold_id: an id has one spelling", "[ops]") {
    for (const char* const text :
         {"", "-", "1", "1-", "-1", "0-1", "01-1", "1-01", "1-00", "1--1", "+1-1", "1-+1", "1-1 ",
          " 1-1", "1-1-1", "1-4294967296", "18446744073709551616-1", "1_1", "a-b"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_hold_id(text));
    }
}
