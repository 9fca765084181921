#include <coffer/hold.hpp>

#include <cstdint>
#include <limits>
#include <vector>

#include <coffer/ledger.hpp>

#include "catch.hpp"

using coffer::account_number;
using coffer::capture_request;
using coffer::errc;
using coffer::hold;
using coffer::hold_id;
using coffer::hold_outcome;
using coffer::hold_status;
using coffer::ledger;
using coffer::money;
using coffer::posting;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

money cents(std::int64_t minor_units) {
    return money::from_minor(minor_units);
}

/// A ledger with accounts 1, of 100 cents, and 2, of 50.
struct two_accounts {
    two_accounts() {
        REQUIRE(ledger.open(1, cents(100)));
        REQUIRE(ledger.open(2, cents(50)));
    }
    hold_id place(std::int64_t minor_units, account_number number = 1) {
        const hold_outcome placed = ledger.place_hold(number, cents(minor_units), 7);
        REQUIRE(placed);
        return placed.hold.id;
    }
    void require_account(account_number number, std::uint64_t sequence, std::int64_t balance_minor,
                         std::int64_t held_minor) const {
        require_posting(ledger.balance(number).posting, number, sequence, balance_minor,
                        held_minor);
    }
    static void require_posting(const posting& found, account_number number, std::uint64_t sequence,
                                std::int64_t balance_minor, std::int64_t held_minor) {
        REQUIRE(found.account == number);
        REQUIRE(found.sequence == sequence);
        REQUIRE(found.balance.minor() == balance_minor);
        REQUIRE(found.held.minor() == held_minor);
        REQUIRE(found.available().minor() == balance_minor - held_minor);
    }

    coffer::ledger ledger;
};

void require_hold(const hold& found, hold_status status, std::int64_t amount_minor,
                  std::int64_t captured_minor, std::int64_t remaining_minor) {
    REQUIRE(found.status == status);
    REQUIRE(found.amount.minor() == amount_minor);
    REQUIRE(found.captured.minor() == captured_minor);
    REQUIRE(found.remaining.minor() == remaining_minor);
}

}  // namespace

TEST_CASE("place_hold: sets a part aside, which stays booked and cannot be withdrawn", "[core]") {
    two_accounts it;
    const auto placed = it.ledger.place_hold(1, cents(40), 1234);
    REQUIRE(placed);
    it.require_posting(placed.posting, 1, 2, 100, 40);
    require_hold(placed.hold, hold_status::held, 40, 0, 40);
    REQUIRE(placed.hold.account == 1);
    REQUIRE(placed.hold.id.sequence == 2);
    REQUIRE(placed.hold.expires_at_ns == 1234);
    it.require_account(1, 2, 100, 40);
    const auto refused = it.ledger.withdraw(1, cents(61));
    REQUIRE(refused.error == errc::insufficient_funds);
    it.require_posting(refused.posting, 1, 2, 100, 40);
    const auto paid = it.ledger.withdraw(1, cents(60));
    REQUIRE(paid);
    it.require_posting(paid.posting, 1, 3, 40, 40);
    REQUIRE(it.ledger.transfer(1, 2, cents(1)).error == errc::insufficient_funds);
    REQUIRE(it.ledger.transfer(2, 1, cents(1)));
    it.require_account(1, 4, 41, 40);
}

TEST_CASE("place_hold: says why it holds nothing", "[core]") {
    two_accounts it;
    REQUIRE(it.ledger.place_hold(1, cents(0)).error == errc::invalid_amount);
    REQUIRE(it.ledger.place_hold(1, cents(-1)).error == errc::invalid_amount);
    REQUIRE(it.ledger.place_hold(3, cents(1)).error == errc::no_such_account);
    REQUIRE(it.ledger.place_hold(1, cents(101)).error == errc::insufficient_funds);
    static_cast<void>(it.place(60));
    const auto refused = it.ledger.place_hold(1, cents(41));
    REQUIRE(refused.error == errc::insufficient_funds);
    it.require_posting(refused.posting, 1, 2, 100, 60);
    REQUIRE(it.ledger.holds() == 1);
    REQUIRE(it.ledger.restore({4, coffer::account::max_sequence, cents(10)}));
    REQUIRE(it.ledger.place_hold(4, cents(1)).error == errc::sequence_exhausted);
    REQUIRE(it.ledger.open(5));
    REQUIRE(it.ledger.close(5));
    REQUIRE(it.ledger.place_hold(5, cents(1)).error == errc::account_closed);
}

TEST_CASE("capture: takes all, and the hold is over", "[core]") {
    two_accounts it;
    const hold_id id = it.place(40);
    const auto captured = it.ledger.capture(1, id);
    REQUIRE(captured);
    it.require_posting(captured.posting, 1, 3, 60, 0);
    require_hold(captured.hold, hold_status::captured, 40, 40, 0);
    const auto again = it.ledger.capture(1, id);
    REQUIRE(again.error == errc::hold_ended);
    REQUIRE(again.culprit == 1);
    require_hold(again.hold, hold_status::captured, 40, 40, 0);
    it.require_posting(again.posting, 1, 3, 60, 0);
    REQUIRE(it.ledger.release(1, id).error == errc::hold_ended);
    it.require_account(1, 3, 60, 0);
}

TEST_CASE("capture: takes parts, until nothing is left or the rest is released", "[core]") {
    two_accounts it;
    const hold_id first = it.place(40);
    const hold_id second = it.place(50);
    auto captured = it.ledger.capture(1, first, {.amount = cents(30)});
    REQUIRE(captured);
    it.require_posting(captured.posting, 1, 4, 70, 60);
    require_hold(captured.hold, hold_status::held, 40, 30, 10);
    const auto refused = it.ledger.capture(1, first, {.amount = cents(11)});
    REQUIRE(refused.error == errc::hold_exceeded);
    require_hold(refused.hold, hold_status::held, 40, 30, 10);
    captured = it.ledger.capture(1, first, {.amount = cents(10)});
    require_hold(captured.hold, hold_status::captured, 40, 40, 0);
    captured = it.ledger.capture(1, second, {.amount = cents(20), .is_final = true});
    REQUIRE(captured);
    it.require_posting(captured.posting, 1, 6, 40, 0);
    require_hold(captured.hold, hold_status::captured, 50, 20, 0);
    it.require_account(1, 6, 40, 0);
}

TEST_CASE("capture: pays another account, lower or higher, in the same step", "[core]") {
    for (const bool is_payee_lower : {false, true}) {
        two_accounts it;
        const account_number payer = is_payee_lower ? 2 : 1;
        const account_number payee = is_payee_lower ? 1 : 2;
        const hold_id id = it.place(40, payer);
        const auto captured =
            it.ledger.capture(payer, id, {.amount = cents(25), .is_final = true, .payee = payee});
        REQUIRE(captured);
        it.require_posting(captured.posting, payer, 3, is_payee_lower ? 25 : 75, 0);
        it.require_posting(captured.payee, payee, 2, is_payee_lower ? 125 : 75, 0);
        require_hold(captured.hold, hold_status::captured, 40, 25, 0);
        it.require_account(payer, 3, is_payee_lower ? 25 : 75, 0);
        it.require_account(payee, 2, is_payee_lower ? 125 : 75, 0);
    }
}

TEST_CASE("capture: checks the form, the accounts, the hold, and then what is left", "[core]") {
    two_accounts it;
    const hold_id id = it.place(40);
    const auto refused = [&it](account_number number, hold_id which, capture_request request) {
        const auto done = it.ledger.capture(number, which, request);
        REQUIRE_FALSE(done);
        return done;
    };
    REQUIRE(refused(9, {}, {.amount = cents(-1)}).error == errc::invalid_amount);
    REQUIRE(refused(1, id, {.amount = cents(0)}).error == errc::invalid_amount);
    REQUIRE(refused(9, {}, {.payee = 9}).error == errc::same_account);
    REQUIRE(refused(9, {}, {.payee = 8}).culprit == 9);
    REQUIRE(refused(1, {}, {.payee = 8}).error == errc::no_such_account);
    REQUIRE(refused(1, {}, {.payee = 8}).culprit == 8);
    REQUIRE(refused(1, {3, id.slot}, {}).error == errc::no_such_hold);
    REQUIRE(refused(1, {2, id.slot + 1}, {}).error == errc::no_such_hold);
    REQUIRE(refused(2, id, {}).error == errc::no_such_hold);
    REQUIRE(it.ledger.open(3));
    REQUIRE(it.ledger.close(3));
    const auto closed = refused(1, id, {.amount = cents(41), .payee = 3});
    REQUIRE(closed.error == errc::account_closed);
    REQUIRE(closed.culprit == 3);
    REQUIRE(refused(1, id, {.amount = cents(41), .payee = 2}).error == errc::hold_exceeded);
    REQUIRE(it.ledger.restore({4, 9, cents(most)}));
    const auto full = refused(1, id, {.payee = 4});
    REQUIRE(full.error == errc::balance_overflow);
    REQUIRE(full.culprit == 4);
    it.require_posting(full.payee, 4, 9, most, 0);
    REQUIRE(it.ledger.restore({5, coffer::account::max_sequence, cents(most)}));
    REQUIRE(refused(1, id, {.payee = 5}).error == errc::balance_overflow);
    REQUIRE(it.ledger.release(1, id));
    REQUIRE(refused(1, id, {.payee = 3}).error == errc::hold_ended);
    it.require_account(1, 3, 100, 0);
}

TEST_CASE("capture: of a hold of all the money there can be, twice, overflows nothing", "[core]") {
    ledger ledger;
    REQUIRE(ledger.open(1, cents(most)));
    const hold_id id = ledger.place_hold(1, cents(most)).hold.id;
    REQUIRE(ledger.capture(1, id));
    const auto again = ledger.capture(1, id);
    REQUIRE(again.error == errc::hold_ended);
    require_hold(again.hold, hold_status::captured, most, most, 0);
}

TEST_CASE("release: makes what is left available again, as released or as expired", "[core]") {
    two_accounts it;
    const hold_id first = it.place(40);
    const hold_id second = it.place(30);
    REQUIRE(it.ledger.capture(1, first, {.amount = cents(15)}));
    const auto released = it.ledger.release(1, first);
    REQUIRE(released);
    it.require_posting(released.posting, 1, 5, 85, 30);
    require_hold(released.hold, hold_status::released, 40, 15, 0);
    const auto expired = it.ledger.release(1, second, hold_status::expired);
    it.require_posting(expired.posting, 1, 6, 85, 0);
    require_hold(expired.hold, hold_status::expired, 30, 0, 0);
    REQUIRE(it.ledger.withdraw(1, cents(85)));
}

TEST_CASE("release: ends a hold as nothing else", "[core]") {
    two_accounts it;
    const hold_id id = it.place(40);
    for (const hold_status wrong : {hold_status::held, hold_status::captured})
        REQUIRE(it.ledger.release(1, id, wrong).error == errc::invalid_amount);
    it.require_account(1, 2, 100, 40);
}

TEST_CASE("deposit: leaves room for what is held to be released", "[core]") {
    two_accounts it;
    const hold_id id = it.place(40);
    REQUIRE(it.ledger.deposit(1, cents(most - 99)).error == errc::balance_overflow);
    REQUIRE(it.ledger.transfer(2, 1, cents(50)));
    REQUIRE(it.ledger.deposit(1, cents(most - 150)));
    REQUIRE(it.ledger.deposit(1, cents(1)).error == errc::balance_overflow);
    REQUIRE(it.ledger.release(1, id));
    it.require_account(1, 5, most, 0);
}

TEST_CASE("find_hold: finds it while it is held and after, with its account", "[core]") {
    two_accounts it;
    const hold_id id = it.place(40);
    auto found = it.ledger.find_hold(1, id);
    REQUIRE(found);
    it.require_posting(found.posting, 1, 2, 100, 40);
    require_hold(found.hold, hold_status::held, 40, 0, 40);
    REQUIRE(it.ledger.release(1, id));
    found = it.ledger.find_hold(1, id);
    REQUIRE(found);
    require_hold(found.hold, hold_status::released, 40, 0, 0);
    REQUIRE(it.ledger.find_hold(2, id).error == errc::no_such_hold);
    REQUIRE(it.ledger.find_hold(3, id).error == errc::no_such_account);
    REQUIRE(it.ledger.find_hold(1, {id.sequence + 1, id.slot}).error == errc::no_such_hold);
}

TEST_CASE("forget_hold: makes an ended hold's slot free for another, which a stale id never names",
          "[core]") {
    two_accounts it;
    const hold_id stale = it.place(40);
    REQUIRE_FALSE(it.ledger.forget_hold(1, stale));
    REQUIRE(it.ledger.capture(1, stale));
    REQUIRE_FALSE(it.ledger.forget_hold(2, stale));
    REQUIRE_FALSE(it.ledger.forget_hold(1, {stale.sequence, stale.slot + 1}));
    REQUIRE(it.ledger.holds() == 1);
    REQUIRE(it.ledger.forget_hold(1, stale));
    REQUIRE_FALSE(it.ledger.forget_hold(1, stale));
    REQUIRE(it.ledger.holds() == 0);
    REQUIRE(it.ledger.find_hold(1, stale).error == errc::no_such_hold);
    const hold_id next = it.place(10);
    REQUIRE(next.slot == stale.slot);
    REQUIRE(next.sequence == 4);
    REQUIRE(it.ledger.capture(1, stale).error == errc::no_such_hold);
    REQUIRE(it.ledger.release(1, stale).error == errc::no_such_hold);
    it.require_account(1, 4, 60, 10);
}

TEST_CASE("close: takes an empty account, which then takes nothing until it is reopened",
          "[core]") {
    two_accounts it;
    REQUIRE(it.ledger.close(3).error == errc::no_such_account);
    REQUIRE(it.ledger.close(1).error == errc::account_not_empty);
    const hold_id id = it.place(100);
    REQUIRE(it.ledger.close(1).error == errc::account_not_empty);
    REQUIRE(it.ledger.capture(1, id));
    REQUIRE(it.ledger.reopen(1).error == errc::account_not_closed);
    const auto closed = it.ledger.close(1);
    REQUIRE(closed);
    REQUIRE(closed.account.sequence == 4);
    REQUIRE(closed.account.status == coffer::account_status::closed);
    REQUIRE(it.ledger.look(1).account.status == coffer::account_status::closed);
    REQUIRE(it.ledger.close(1).error == errc::account_closed);
    REQUIRE(it.ledger.deposit(1, cents(1)).error == errc::account_closed);
    REQUIRE(it.ledger.withdraw(1, cents(1)).error == errc::account_closed);
    REQUIRE(it.ledger.transfer(1, 2, cents(1)).error == errc::account_closed);
    const auto refused = it.ledger.transfer(2, 1, cents(1));
    REQUIRE(refused.error == errc::account_closed);
    REQUIRE(refused.culprit == 1);
    REQUIRE(it.ledger.open(1).error == errc::already_open);
    const auto reopened = it.ledger.reopen(1);
    REQUIRE(reopened);
    REQUIRE(reopened.account.sequence == 5);
    REQUIRE(reopened.account.status == coffer::account_status::open);
    REQUIRE(it.ledger.deposit(1, cents(1)));
    it.require_account(1, 6, 1, 0);
}

TEST_CASE("scan_holds: meets every hold in steps, those that have ended too", "[core]") {
    two_accounts it;
    std::vector<hold_id> placed;
    for (int i = 0; i != 10; ++i)
        placed.push_back(it.place(1));
    REQUIRE(it.ledger.capture(1, placed[3]));
    REQUIRE(it.ledger.release(1, placed[5]));
    REQUIRE(it.ledger.forget_hold(1, placed[5]));
    ledger::hold_place from;
    std::vector<hold> met;
    std::size_t steps = 0;
    while (!it.ledger.scan_holds(from, 3, [&met](const hold& one) { met.push_back(one); }))
        ++steps;
    REQUIRE(steps == 3);
    REQUIRE(met.size() == 9);
    REQUIRE(met[3].status == hold_status::captured);
    REQUIRE(met[5].id == placed[6]);
}
