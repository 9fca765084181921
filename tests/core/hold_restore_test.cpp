#include <cstdint>
#include <vector>

#include <coffer/ledger.hpp>

#include "catch.hpp"

using coffer::account_status;
using coffer::errc;
using coffer::hold;
using coffer::hold_status;
using coffer::ledger;
using coffer::money;
using coffer::posting;

namespace {

money cents(std::int64_t minor_units) {
    return money::from_minor(minor_units);
}

const hold an_open_hold{.account = 7,
                        .id = {5, 3},
                        .amount = cents(50),
                        .captured = cents(10),
                        .remaining = cents(40),
                        .expires_at_ns = 9};
const hold an_ended_hold{.account = 7,
                         .id = {4, 9},
                         .amount = cents(5),
                         .captured = cents(2),
                         .status = hold_status::released};

}  // namespace

TEST_CASE("restore_hold: gives an account back what it held, under the same id", "[core]") {
    ledger ledger;
    REQUIRE(ledger.restore({7, 9, cents(100), cents(40)}));
    REQUIRE(ledger.restore_hold(an_open_hold) == errc::ok);
    REQUIRE(ledger.restore_hold(an_ended_hold) == errc::ok);
    REQUIRE(ledger.holds() == 2);
    const auto found = ledger.find_hold(7, {5, 3});
    REQUIRE(found.hold.remaining == cents(40));
    REQUIRE(found.hold.captured == cents(10));
    REQUIRE(found.hold.expires_at_ns == 9);
    REQUIRE(ledger.find_hold(7, {4, 9}).hold.status == hold_status::released);
    REQUIRE(ledger.find_hold(7, {4, 9}).hold.captured == cents(2));
    REQUIRE(ledger.withdraw(7, cents(61)).error == errc::insufficient_funds);
    REQUIRE(ledger.capture(7, {5, 3}));
    const posting after = ledger.balance(7).posting;
    REQUIRE(after.sequence == 10);
    REQUIRE(after.balance == cents(60));
    REQUIRE(after.held == cents(0));
    // The slots between are free for others.
    std::vector<std::uint32_t> slots;
    for (int i = 0; i != 9; ++i)
        slots.push_back(ledger.place_hold(7, cents(1)).hold.id.slot);
    for (const std::uint32_t one : slots)
        REQUIRE((one != 3 && one != 9));
}

TEST_CASE("restore_hold: refuses a slot that is taken or passed, and what no hold is", "[core]") {
    ledger ledger;
    REQUIRE(ledger.restore({7, 9, cents(100), cents(40)}));
    REQUIRE(ledger.restore_hold(an_open_hold) == errc::ok);
    REQUIRE(ledger.restore_hold(an_open_hold) == errc::already_open);
    hold other = an_ended_hold;
    other.id.slot = 2;
    REQUIRE(ledger.restore_hold(other) == errc::already_open);
    other.id.slot = 4;
    other.account = 8;
    REQUIRE(ledger.restore_hold(other) == errc::no_such_account);
    other.account = 7;
    other.captured = cents(6);
    REQUIRE(ledger.restore_hold(other) == errc::invalid_amount);
    other = an_ended_hold;
    other.id.sequence = 10;  // a later posting of the account may place it
    REQUIRE(ledger.restore_hold(other) == errc::sequence_exhausted);
    other.id = {4, UINT32_MAX};
    REQUIRE(ledger.restore_hold(other) == errc::ledger_full);
    REQUIRE(ledger.holds() == 1);
}

TEST_CASE("restore_hold: refuses an open hold of an account that holds nothing", "[core]") {
    ledger ledger;
    REQUIRE(ledger.restore({7, 9, {}}, account_status::closed));
    REQUIRE(ledger.restore_hold(an_open_hold) == errc::invalid_amount);
    REQUIRE(ledger.restore_hold(an_ended_hold) == errc::ok);
}

TEST_CASE("advance: moves an account to its next posting, with what is held of it", "[core]") {
    ledger ledger;
    REQUIRE(ledger.open(7, cents(100)));
    REQUIRE(ledger.advance({7, 2, cents(100), cents(30)}) == errc::ok);
    REQUIRE(ledger.advance({7, 3, cents(90), cents(20)}) == errc::ok);
    const posting held = ledger.balance(7).posting;
    REQUIRE(held.sequence == 3);
    REQUIRE(held.balance == cents(90));
    REQUIRE(held.held == cents(20));
    REQUIRE(ledger.deposit(7, cents(1)).posting.held == cents(20));
    REQUIRE(ledger.withdraw(7, cents(72)).error == errc::insufficient_funds);
    REQUIRE(ledger.advance({7, 5, cents(91)}) == errc::ok);
    REQUIRE(ledger.withdraw(7, cents(91)));
    REQUIRE(ledger.close(7));
}

TEST_CASE("advance: refuses what is not the next posting of an open account", "[core]") {
    ledger ledger;
    REQUIRE(ledger.open(7, cents(100)));
    REQUIRE(ledger.advance({7, 3, cents(100)}) == errc::sequence_exhausted);
    REQUIRE(ledger.advance({7, 1, cents(100)}) == errc::sequence_exhausted);
    REQUIRE(ledger.advance({8, 2, cents(100)}) == errc::no_such_account);
    REQUIRE(ledger.advance({7, 2, cents(100), cents(101)}) == errc::invalid_amount);
    REQUIRE(ledger.restore({9, 5, {}}, account_status::closed));
    REQUIRE(ledger.advance({9, 6, {}}) == errc::account_closed);
    REQUIRE(ledger.balance(7).posting.sequence == 1);
}
