// Postings of a thread that others overtake between two of its steps.
#include "core/stepwise.hpp"

#include <coffer/ledger.hpp>
#include <coffer/retries.hpp>

#include <functional>

#include "catch.hpp"

using coffer::ledger;
using coffer::money;
using coffer::retry_count;
using coffer::tests::stepwise;

namespace {

/// Runs `work` with a deposit to 10001 before each of its first steps, and returns what it counts.
std::uint64_t retries_of(ledger& into, int steps, const std::function<void()>& work) {
    const retry_count lost;
    stepwise one{work};
    for (int i = 0; i != steps; ++i) {
        one.step();
        REQUIRE(into.deposit(10001, money::from_minor(1)));
    }
    one.finish();
    return lost.value();
}

}  // namespace

TEST_CASE("retries: one that nobody overtakes has none", "[core]") {
    ledger one;
    REQUIRE(one.open(10001, money::from_minor(100)));
    CHECK(retries_of(one, 0,
                     [&one] { static_cast<void>(one.deposit(10001, money::from_minor(1))); }) == 0);
}

TEST_CASE("retries: count each posting, transfer and hold that begins again", "[core]") {
    ledger one;
    REQUIRE(one.open(10001, money::from_minor(100)));
    REQUIRE(one.open(10002, money::from_minor(100)));
    CHECK(retries_of(one, 1, [&one] {
              static_cast<void>(one.withdraw(10001, money::from_minor(1)));
          }) == 1);
    CHECK(retries_of(one, 8,
                     [&one] { static_cast<void>(one.withdraw(10001, money::from_minor(1))); }) > 1);
    CHECK(retries_of(one, 3, [&one] {
              static_cast<void>(one.transfer(10001, 10002, money::from_minor(1)));
          }) >= 1);
    CHECK(retries_of(one, 3, [&one] {
              static_cast<void>(one.place_hold(10001, money::from_minor(1)));
          }) >= 1);
    CHECK(one.balance(10001).posting.sequence == 20);
}

TEST_CASE("retries: are counted by the last count that was made, and by nobody without one",
          "[core]") {
    ledger one;
    REQUIRE(one.open(10001, money::from_minor(100)));
    const retry_count outer;
    CHECK(retries_of(one, 1,
                     [&one] { static_cast<void>(one.deposit(10001, money::from_minor(1))); }) == 1);
    CHECK(outer.value() == 0);
}
