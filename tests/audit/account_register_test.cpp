#include "audit/account_register.hpp"

#include <cstdint>

#include "catch.hpp"

using namespace coffer::audit;

TEST_CASE("account register: finds every account again, however many there are", "[audit]") {
    account_register accounts;
    constexpr std::uint64_t count = 100'000;
    const auto number = [](std::uint64_t i) { return i * i * 1'000'003 + 1; };
    for (std::uint64_t i = 0; i != count; ++i) {
        REQUIRE(accounts.find(number(i)) == nullptr);
        accounts.find_or_add(number(i)).sequence = i + 1;
    }
    REQUIRE(accounts.size() == count);
    for (std::uint64_t i = 0; i != count; ++i) {
        REQUIRE(accounts.find(number(i))->sequence == i + 1);
        REQUIRE(accounts.find_or_add(number(i)).sequence == i + 1);
    }
    std::uint64_t visited = 0;
    accounts.visit([&visited](const registered_account& one) { visited += one.sequence; });
    REQUIRE(visited == count * (count + 1) / 2);
}

TEST_CASE("account register: has no account 0", "[audit]") {
    account_register accounts;
    REQUIRE(accounts.find(0) == nullptr);
}
