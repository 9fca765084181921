#include <coffer/hold_table.hpp>

#include <cstdint>
#include <vector>

#include <coffer/ledger.hpp>

#include "catch.hpp"

using coffer::errc;
using coffer::hold;
using coffer::hold_status;
using coffer::ledger;
using coffer::money;
using coffer::posting;
using coffer::resumable_cut;

namespace {

money cents(std::int64_t minor_units) {
    return money::from_minor(minor_units);
}

constexpr auto ignore = [](const posting&) {};

hold restored(std::uint32_t slot, std::int64_t amount_minor, hold_status status) {
    const bool is_open = status == hold_status::held;
    return {1,
            {slot + 2U, slot},
            cents(amount_minor),
            is_open ? money{} : cents(amount_minor),
            is_open ? cents(amount_minor) : money{},
            status,
            9};
}

}  // namespace

TEST_CASE("hold_slot: is a cache line", "[core]") {
    STATIC_REQUIRE(sizeof(coffer::detail::hold_slot) == 64);
    STATIC_REQUIRE(alignof(coffer::detail::hold_slot) == 64);
}

TEST_CASE("hold_table: takes slots that were given back before new ones, as many as there are",
          "[core]") {
    coffer::detail::hold_table table;
    const coffer::detail::epoch_clock epochs;
    for (std::uint32_t i = 0; i != 5'000; ++i)
        REQUIRE(table.take(epochs) == i);
    REQUIRE(table.size() == 5'000);
    REQUIRE(table.find(5'000) == nullptr);
    for (const std::uint32_t slot : {0U, 1'023U, 1'024U, 2'047U, 2'048U, 4'999U}) {
        REQUIRE(table.find(slot) != nullptr);
        table.give_back(slot);
    }
    REQUIRE(table.size() == 4'994);
    for (const std::uint32_t slot : {4'999U, 2'048U, 2'047U, 1'024U, 1'023U, 0U})
        REQUIRE(table.take(epochs) == slot);
    REQUIRE(table.take(epochs) == 5'000U);
}

TEST_CASE("hold_table: a slot whose sequences run out is not used again", "[core]") {
    coffer::detail::hold_table table;
    const coffer::detail::epoch_clock epochs;
    REQUIRE(table.take(epochs) == 0U);
    const coffer::account_state worn{money{}, coffer::detail::max_sequence / 2 + 1};
    coffer::detail::state_cell& state = table.find(0)->state().state;
    REQUIRE(state.replace(state.load(), worn));
    table.give_back(0);
    REQUIRE(table.take(epochs) == 1U);
}

TEST_CASE("hold_table: a slot that a cut still needs does not keep others from being used",
          "[core]") {
    ledger ledger;
    REQUIRE(ledger.open(1, cents(100)));
    const auto end = [&ledger](const hold& one) {
        REQUIRE(ledger.release(1, one.id));
        REQUIRE(ledger.forget_hold(1, one.id));
    };
    const hold first = ledger.place_hold(1, cents(1)).hold;
    const hold second = ledger.place_hold(1, cents(2)).hold;
    const hold third = ledger.place_hold(1, cents(3)).hold;
    end(first);
    for (int round = 0; round != 3; ++round) {
        auto cut = ledger.begin_cut();
        REQUIRE(cut);
        while (!cut->has_begun())
            cut->next(1, ignore);
        const hold needed = round == 0 ? second : ledger.place_hold(1, cents(2)).hold;
        end(needed);
        const hold one = ledger.place_hold(1, cents(4)).hold;
        CHECK(one.id.slot <= third.id.slot);
        while (cut->next(8, ignore) == resumable_cut::state::more) {
        }
        end(one);
    }
}

TEST_CASE("restore_hold: brings back holds in their slots, and frees those between", "[core]") {
    ledger ledger;
    REQUIRE(ledger.restore({1, 50, cents(100), cents(40)}));
    REQUIRE(ledger.restore_hold(restored(1, 30, hold_status::held)) == errc::ok);
    REQUIRE(ledger.restore_hold(restored(4, 10, hold_status::held)) == errc::ok);
    REQUIRE(ledger.restore_hold(restored(6, 7, hold_status::captured)) == errc::ok);
    REQUIRE(ledger.restore_hold(restored(6, 7, hold_status::held)) == errc::already_open);
    REQUIRE(ledger.restore_hold(restored(5, 7, hold_status::held)) == errc::already_open);
    REQUIRE(ledger.restore_hold(restored(7, 0, hold_status::held)) == errc::invalid_amount);
    REQUIRE(ledger.holds() == 3);
    const posting last = ledger.balance(1).posting;
    REQUIRE(last.balance == cents(100));
    REQUIRE(last.held == cents(40));
    REQUIRE(ledger.withdraw(1, cents(61)).error == errc::insufficient_funds);
    const auto found = ledger.find_hold(1, {3, 1});
    REQUIRE(found);
    REQUIRE(found.hold.expires_at_ns == 9);
    REQUIRE(ledger.capture(1, {8, 6}).error == errc::hold_ended);
    REQUIRE(ledger.capture(1, {3, 1}));
    REQUIRE(ledger.release(1, {6, 4}));
    REQUIRE(ledger.balance(1).posting.held == money{});
    std::vector<std::uint32_t> slots;
    for (int i = 0; i != 5; ++i)
        slots.push_back(ledger.place_hold(1, cents(1)).hold.id.slot);
    REQUIRE(slots == std::vector<std::uint32_t>{5, 3, 2, 0, 7});
}

TEST_CASE("restore: refuses an account that holds more than it has, or less than nothing",
          "[core]") {
    ledger ledger;
    REQUIRE(ledger.restore({1, 5, cents(10), cents(11)}).error == errc::invalid_amount);
    REQUIRE(ledger.restore({1, 5, cents(10), cents(-1)}).error == errc::invalid_amount);
    REQUIRE(ledger.restore({1, 5, money{}}, coffer::account_status::closed));
    REQUIRE(ledger.deposit(1, cents(1)).error == errc::account_closed);
}

TEST_CASE("cut: shows the holds of its moment, those placed, changed and forgotten since",
          "[core]") {
    ledger ledger;
    REQUIRE(ledger.open(1, cents(100)));
    REQUIRE(ledger.open(2, cents(100)));
    const auto open = ledger.place_hold(1, cents(10)).hold;
    const auto partly = ledger.place_hold(1, cents(20)).hold;
    const auto ended = ledger.place_hold(2, cents(30)).hold;
    REQUIRE(ledger.capture(2, ended.id));
    auto cut = ledger.begin_cut();
    while (!cut->has_begun())
        cut->next(1, ignore);
    REQUIRE(ledger.capture(1, partly.id, {.amount = cents(5)}));
    REQUIRE(ledger.release(1, open.id));
    REQUIRE(ledger.forget_hold(1, open.id));
    REQUIRE(ledger.forget_hold(2, ended.id));
    // Their slots have what the cut is to show: others are taken.
    const auto later = ledger.place_hold(2, cents(1)).hold;
    REQUIRE(later.id.slot == 3);
    std::vector<hold> seen;
    std::int64_t held_minor = 0;
    while (cut->next(
               4, [&held_minor](const posting& one) { held_minor += one.held.minor(); },
               [&seen](const hold& one) { seen.push_back(one); }) == resumable_cut::state::more) {
    }
    REQUIRE(held_minor == 30);
    REQUIRE(seen.size() == 3);
    REQUIRE(cut->summary().holds == 3);
    REQUIRE(cut->summary().total_minor == 170);
    REQUIRE(seen[0].id == open.id);
    REQUIRE(seen[0].remaining == cents(10));
    REQUIRE(seen[1].remaining == cents(20));
    REQUIRE(seen[2].id == ended.id);
    REQUIRE(seen[2].status == hold_status::captured);
    // Once the cut is complete they are used again.
    const auto after = ledger.place_hold(2, cents(1)).hold;
    REQUIRE(after.id.slot < 3);
}

TEST_CASE("place_hold: many holds of one account are in slots that follow each other", "[core]") {
    ledger ledger;
    REQUIRE(ledger.open(1, cents(100'000)));
    for (std::uint32_t i = 0; i != 100'000; ++i)
        REQUIRE(ledger.place_hold(1, cents(1)).hold.id.slot == i);
    REQUIRE(ledger.place_hold(1, cents(1)).error == errc::insufficient_funds);
    REQUIRE(ledger.holds() == 100'000);
    REQUIRE(ledger.balance(1).posting.held == cents(100'000));
}

TEST_CASE("place_hold: one that is refused takes no slot", "[core]") {
    ledger ledger;
    REQUIRE(ledger.open(1, cents(10)));
    REQUIRE(ledger.open(2));
    REQUIRE(ledger.close(2));
    REQUIRE(ledger.place_hold(1, cents(11)).error == errc::insufficient_funds);
    REQUIRE(ledger.place_hold(2, cents(1)).error == errc::account_closed);
    REQUIRE(ledger.place_hold(3, cents(1)).error == errc::no_such_account);
    ledger::hold_place end;
    REQUIRE(ledger.scan_holds(end, 1, [](const hold&) {}));
    REQUIRE(end.slot == 0);
    REQUIRE(ledger.place_hold(1, cents(10)));
    REQUIRE(ledger.scan_holds(end, 2, [](const hold&) {}));
    REQUIRE(end.slot == 1);
}
