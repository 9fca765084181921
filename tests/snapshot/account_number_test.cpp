#include <coffer/account_number.hpp>

#include "catch.hpp"

using coffer::parse_account_number;

TEST_CASE("account number: the lowest and the highest are read", "[snapshot]") {
    CHECK(parse_account_number("1") == 1);
    CHECK(parse_account_number("10001") == 10001);
    CHECK(parse_account_number("18446744073709551615") == 18446744073709551615U);
}

TEST_CASE("account number: what is above 64 bits is not one, by one digit or many", "[snapshot]") {
    CHECK(!parse_account_number("18446744073709551616"));
    CHECK(!parse_account_number("18446744073709551620"));
    CHECK(!parse_account_number("20000000000000000000"));
    CHECK(!parse_account_number("100000000000000000001"));
}

TEST_CASE("account number: an account has no second spelling", "[snapshot]") {
    for (const char* text :
         {"", "0", "00", "01", "+1", "-1", " 1", "1 ", "1.0", "1e3", "0x1", "1a", "\xd9\xa1"})
        CHECK(!parse_account_number(text));
    CHECK(!parse_account_number({"1\0", 2}));
}
