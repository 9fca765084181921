#include "load/accounts.hpp"

#include <sstream>

#include "catch.hpp"

using namespace coffer::load;
using accounts = std::vector<coffer::account_number>;

TEST_CASE("parse_accounts: reads ranges and numbers in their order", "[load]") {
    CHECK(parse_accounts("7-9,3") == accounts{7, 8, 9, 3});
    CHECK(parse_accounts(sample_accounts)->size() == 10);
    CHECK(parse_accounts("18446744073709551614-18446744073709551615")->size() == 2);
}

TEST_CASE("parse_accounts: reads a number alone as a count", "[load]") {
    CHECK(parse_accounts("3") == accounts{1, 2, 3});
}

TEST_CASE("parse_accounts: refuses what is no list, too many, and the same twice", "[load]") {
    const auto* const text =
        GENERATE("", "0", "x", "1-", "-2", "3-2", "1,,2", "1,", "1-3,2", "10000001", "1-10000001");
    CAPTURE(text);
    CHECK_FALSE(parse_accounts(text));
}

TEST_CASE("write_accounts: writes a file as the server reads it", "[load]") {
    std::ostringstream file;
    write_accounts(file, {7, 8}, coffer::money::from_minor(50));
    CHECK(file.str() ==
          "{\"accounts\":[\n{\"account_number\":\"7\",\"balance\":0.5},\n"
          "{\"account_number\":\"8\",\"balance\":0.5}\n]}\n");
}
