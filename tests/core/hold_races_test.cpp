#include <array>
#include <atomic>
#include <cstdint>
#include <latch>
#include <thread>
#include <vector>

#include <coffer/ledger.hpp>

#include "catch.hpp"
#include "core/in_threads.hpp"

using coffer::account_number;
using coffer::account_view;
using coffer::errc;
using coffer::hold;
using coffer::hold_id;
using coffer::hold_outcome;
using coffer::hold_status;
using coffer::ledger;
using coffer::leg;
using coffer::money;
using coffer::posting;
using coffer::tests::in_threads;

namespace {

money cents(std::int64_t minor_units) {
    return money::from_minor(minor_units);
}

std::uint64_t total_of(ledger& ledger) {
    return static_cast<std::uint64_t>(ledger.cut([](const posting&) {}).total_minor);
}

}  // namespace

TEST_CASE("hold: of a capture, a release and an expiry at once, one wins", "[core]") {
    constexpr std::size_t holds = 3'000;
    ledger ledger;
    for (account_number i = 1; i != 4; ++i)
        REQUIRE(ledger.open(i, cents(10'000)));
    std::vector<std::pair<account_number, hold_id>> placed(holds);
    for (std::size_t i = 0; i != holds; ++i) {
        const account_number number = 1 + i % 3;
        const auto one = ledger.place_hold(number, cents(2));
        REQUIRE(one);
        placed[i] = {number, one.hold.id};
    }
    std::vector<std::atomic<int>> winners(holds);
    std::array<std::atomic<int>, 4> ended{};
    std::atomic<int> wrong{0};
    in_threads(4, [&](std::size_t thread) {
        for (std::size_t i = 0; i != holds; ++i) {
            const auto& [number, id] = placed[i];
            hold_outcome done{errc::ok, {}};
            if (thread == 0)
                done = ledger.capture(number, id, {.payee = number % 3 + 1});
            else if (thread == 1)
                done = ledger.capture(number, id);
            else
                done = ledger.release(number, id,
                                      thread == 2 ? hold_status::released : hold_status::expired);
            if (done) {
                ++winners[i];
                ++ended[thread];
            } else {
                wrong += done.error != errc::hold_ended || done.hold.status == hold_status::held;
            }
        }
    });
    REQUIRE(wrong == 0);
    for (const auto& one : winners)
        REQUIRE(one == 1);
    for (account_number i = 1; i != 4; ++i)
        REQUIRE(ledger.balance(i).posting.held == money{});
    REQUIRE(total_of(ledger) == static_cast<std::uint64_t>(30'000 - 2 * ended[1]));
}

TEST_CASE("hold: placed and ended in many threads on few accounts, nothing is lost or held twice",
          "[core]") {
    ledger ledger;
    for (account_number i = 1; i != 4; ++i)
        REQUIRE(ledger.open(i, cents(50)));
    std::atomic<int> wrong{0};
    std::atomic<std::int64_t> paid{0};
    in_threads(4, [&](std::size_t thread) {
        std::int64_t mine = 0;
        for (std::size_t i = 0; i != 5'000; ++i) {
            const account_number number = 1 + (i * 7 + thread) % 3;
            const auto placed = ledger.place_hold(number, cents(3), 1);
            wrong += !placed && placed.error != errc::insufficient_funds;
            wrong += placed.posting.available() < money{};
            if (!placed)
                continue;
            const hold_id id = placed.hold.id;
            const auto found = ledger.find_hold(number, id);
            wrong += !found || found.hold.remaining != cents(3) || found.posting.held < cents(3) ||
                     found.posting.sequence < id.sequence;
            if (i % 3 == 0) {
                wrong += !ledger.capture(number, id, {.amount = cents(1)});
                wrong += !ledger.deposit(number, cents(1));
                wrong += !ledger.release(number, id);
            } else if (i % 3 == 1) {
                wrong += !ledger.capture(
                    number, id, {.amount = cents(2), .is_final = true, .payee = number % 3 + 1});
            } else {
                wrong += !ledger.capture(number, id);
                mine += 3;
            }
            wrong += !ledger.forget_hold(number, id);
            wrong += ledger.find_hold(number, id).error != errc::no_such_hold;
            if (mine >= 3) {
                wrong += !ledger.deposit(number, cents(mine));
                mine = 0;
            }
        }
        paid += mine;
    });
    REQUIRE(wrong == 0);
    REQUIRE(ledger.holds() == 0);
    REQUIRE(total_of(ledger) == static_cast<std::uint64_t>(150 - paid));
    for (account_number i = 1; i != 4; ++i)
        REQUIRE(ledger.balance(i).posting.held == money{});
}

TEST_CASE("cut: beside transactions and holds each has the same total, and holds add up to it",
          "[core]") {
    constexpr account_number accounts = 12;
    ledger ledger;
    for (account_number i = 1; i <= accounts; ++i)
        REQUIRE(ledger.open(i, cents(1'000)));
    std::atomic<int> wrong{0};
    std::atomic<bool> stopping{false};
    in_threads(4, [&](std::size_t thread) {
        for (int round = 0; thread == 0 && round != 150; ++round) {
            std::array<std::int64_t, accounts + 1> held{};
            const auto cut = ledger.cut(
                [&held](const account_view& one) { held[one.account] += one.held.minor(); },
                [&held](const hold& one) { held[one.account] -= one.remaining.minor(); });
            wrong += cut.total_minor != accounts * 1'000;
            for (const std::int64_t left : held)
                wrong += left != 0;
        }
        if (thread == 0)
            stopping = true;
        std::vector<std::pair<account_number, hold_id>> mine;
        for (std::size_t i = thread; !stopping; ++i) {
            const account_number number = i * 5 % accounts + 1;
            const account_number other = i * 7 % accounts + 1;
            const account_number third = i * 11 % accounts + 1;
            if (i % 4 == 0)
                static_cast<void>(ledger.transact(std::array{
                    leg{number, cents(-2)}, leg{other, cents(1)}, leg{third, cents(1)}}));
            if (i % 4 == 1)
                if (const auto placed = ledger.place_hold(number, cents(5)))
                    mine.emplace_back(number, placed.hold.id);
            if (i % 4 < 2 || mine.size() < 8)
                continue;
            const auto [account, id] = mine.front();
            mine.erase(mine.begin());
            const bool is_paid = i % 4 == 2 && account != other;
            const auto ended = is_paid ? ledger.capture(account, id, {.payee = other})
                                       : ledger.release(account, id);
            wrong += !ended;
            if (i % 3 == 0)
                wrong += !ledger.forget_hold(account, id);
        }
    });
    REQUIRE(wrong == 0);
    REQUIRE(total_of(ledger) == accounts * 1'000);
}
