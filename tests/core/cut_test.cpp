#include <coffer/cut.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include <coffer/ledger.hpp>

#include "catch.hpp"
#include "core/in_threads.hpp"

using coffer::cut_summary;
using coffer::ledger;
using coffer::money;
using coffer::posting;
using coffer::tests::in_threads;

namespace {

money cents(std::int64_t minor_units) {
    return money::from_minor(minor_units);
}

}  // namespace

TEST_CASE("cut: counts and sums what it visits", "[core]") {
    coffer::ledger ledger;
    REQUIRE(ledger.cut([](const posting&) {}).accounts == 0);
    for (std::uint64_t i = 1; i <= 100; ++i)
        REQUIRE(ledger.open(i, cents(static_cast<std::int64_t>(i))));
    REQUIRE(ledger.withdraw(100, cents(100)));
    std::vector<std::uint64_t> visited;
    std::int64_t sum_minor = 0;
    const cut_summary summary = ledger.cut([&](const posting& each) {
        visited.push_back(each.account);
        sum_minor += each.balance.minor();
        REQUIRE(each.sequence == (each.account == 100 ? 2 : 1));
    });
    std::ranges::sort(visited);
    REQUIRE(visited.size() == 100);
    REQUIRE(std::ranges::adjacent_find(visited) == visited.end());
    REQUIRE(summary.accounts == 100);
    REQUIRE(summary.total_minor == 4950);
    REQUIRE(sum_minor == 4950);
    REQUIRE(summary.epoch == 2);
}

TEST_CASE("cut: a total beyond 64 bits is exact", "[core]") {
    coffer::ledger ledger;
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    for (std::uint64_t i = 1; i <= 3; ++i)
        REQUIRE(ledger.open(i, cents(most)));
    const auto total = ledger.cut([](const posting&) {}).total_minor;
    REQUIRE(total / 3 == static_cast<std::uint64_t>(most));
    REQUIRE(total % 3 == 0);
}

TEST_CASE("cut: takes the states of its beginning, whatever its visitor posts", "[core]") {
    coffer::ledger ledger;
    for (std::uint64_t i = 1; i <= 50; ++i)
        REQUIRE(ledger.open(i, cents(10)));
    std::uint64_t next = 1000;
    const cut_summary summary = ledger.cut([&](const posting& each) {
        REQUIRE(each.balance.minor() == 10);
        REQUIRE(each.sequence == 1);
        for (std::uint64_t i = 1; i <= 50; ++i) {
            REQUIRE(ledger.deposit(i, cents(1)));
            REQUIRE(ledger.transfer(i, i % 50 + 1, cents(1)));
        }
        static_cast<void>(ledger.open(next++, cents(5)));
    });
    REQUIRE(summary.accounts == 50);
    REQUIRE(summary.total_minor == 500);
    REQUIRE(ledger.cut([](const posting&) {}).accounts == 100);
}

TEST_CASE("cut: a visitor that throws ends its visits and not the cut", "[core]") {
    coffer::ledger ledger;
    for (std::uint64_t i = 1; i <= 10; ++i)
        REQUIRE(ledger.open(i, cents(1)));
    int visits = 0;
    REQUIRE_THROWS_AS(ledger.cut([&visits](const posting&) {
        if (++visits == 3)
            throw std::runtime_error{"enough"};
    }),
                      std::runtime_error);
    REQUIRE(visits == 3);
    for (std::uint64_t i = 1; i <= 10; ++i)
        REQUIRE(ledger.deposit(i, cents(1)));
    REQUIRE(ledger.cut([](const posting&) {}).total_minor == 20);
}

TEST_CASE("epoch_clock: no epoch is that of memory never written, nor that of its neighbours",
          "[core]") {
    using coffer::detail::epoch_clock;
    for (std::uint64_t epoch = 0; epoch != 10'000; ++epoch) {
        REQUIRE(epoch_clock::in_a_state(epoch) != 0);
        REQUIRE(epoch_clock::in_a_state(epoch) != epoch_clock::in_a_state(epoch + 1));
        REQUIRE(epoch_clock::in_a_state(epoch) <= coffer::account::max_epoch);
    }
}

TEST_CASE("cut: moves an account that is not open yet, so that a slow opening fails", "[core]") {
    const auto settle = [](coffer::account&, coffer::account_state) noexcept {};
    for (std::uint64_t cut = 1; cut != 10'000; ++cut) {
        coffer::account one{};
        coffer::detail::double_word before{};
        coffer::detail::state_cell held{};
        coffer::detail::double_word held_before{};
        const coffer::detail::account_arrays arrays{&one, &before, &held, &held_before};
        const std::uint16_t epoch = coffer::detail::epoch_clock::in_a_state(cut);
        REQUIRE_FALSE(coffer::detail::cut_account({&one, &arrays}, epoch, settle));
        REQUIRE_FALSE(one.replace(coffer::account_state{}, {cents(5), 1, 0, 1}));
    }
}

TEST_CASE("cut: a thousand beside transfers at full speed all have the same total", "[core]") {
    constexpr std::uint64_t accounts = 64;
    coffer::ledger ledger;
    for (std::uint64_t i = 1; i <= accounts; ++i)
        REQUIRE(ledger.open(i, cents(1000)));
    std::atomic<bool> done{false};
    std::atomic<int> wrong{0};
    in_threads(3, [&](std::size_t index) {
        if (index == 0) {
            for (int i = 0; i != 1000; ++i)
                wrong += ledger.cut([](const posting&) {}).total_minor != accounts * 1000;
            done = true;
            return;
        }
        for (std::uint64_t i = index; !done; i = i * 6364136223846793005U + 1442695040888963407U)
            static_cast<void>(ledger.transfer((i >> 20) % accounts + 1, (i >> 40) % accounts + 1,
                                              cents(static_cast<std::int64_t>(i >> 60) + 1)));
    });
    REQUIRE(wrong == 0);
}

TEST_CASE("cut: takes each account as it was, though postings to others have moved it", "[core]") {
    constexpr std::uint64_t accounts = 1000;
    constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
    coffer::ledger ledger{{1, accounts}};
    for (std::uint64_t i = 1; i <= accounts; ++i)
        REQUIRE(ledger.open(i, cents(static_cast<std::int64_t>(i))));
    REQUIRE(ledger.open(highest, cents(7)));
    REQUIRE(ledger.open(accounts + 1));
    std::size_t seen = 0;
    const auto cut = ledger.cut([&](const posting& each) {
        if (seen++ == 0) {
            // With the first account in the cut's hand, all groups are moved by postings.
            for (std::uint64_t i = 1; i <= accounts; i += 5)
                static_cast<void>(ledger.deposit(i, cents(1'000'000)));
            static_cast<void>(ledger.deposit(highest, cents(1)));
            static_cast<void>(ledger.transfer(1, accounts + 1, cents(1)));
        }
        const std::uint64_t due = each.account == highest        ? 7
                                  : each.account == accounts + 1 ? 0
                                                                 : each.account;
        CHECK(each.balance.minor() == static_cast<std::int64_t>(due));
        CHECK(each.sequence == 1);
    });
    REQUIRE(cut.accounts == accounts + 2);
    REQUIRE(cut.total_minor == accounts * (accounts + 1) / 2 + 7);
    REQUIRE(ledger.cut([](const posting&) {}).total_minor ==
            accounts * (accounts + 1) / 2 + 7 + 200 * 1'000'000 + 1);
}

TEST_CASE("cut: what one thread did after another's answer is never there without it", "[core]") {
    coffer::ledger ledger;
    REQUIRE(ledger.open(1));
    REQUIRE(ledger.open(2));
    std::atomic<bool> done{false};
    std::atomic<int> wrong{0};
    in_threads(2, [&](std::size_t index) {
        if (index == 0) {
            for (int i = 0; i != 2000; ++i) {
                std::int64_t balances_minor[3] = {};
                ledger.cut([&balances_minor](const posting& each) {
                    balances_minor[each.account] = each.balance.minor();
                });
                // Account 1 is always first.
                wrong += balances_minor[1] < balances_minor[2];
            }
            done = true;
            return;
        }
        while (!done) {
            static_cast<void>(ledger.deposit(1, cents(1)));
            static_cast<void>(ledger.deposit(2, cents(1)));
        }
    });
    REQUIRE(wrong == 0);
}

TEST_CASE("apply: gives what one operation at a time would", "[core]") {
    using coffer::operation;
    using kind = coffer::operation_kind;
    ledger batched;
    ledger single;
    for (std::uint64_t i = 1; i <= 20; ++i) {
        REQUIRE(batched.open(i, cents(50)));
        REQUIRE(single.open(i, cents(50)));
    }
    std::vector<operation> operations;
    for (std::uint64_t i = 0; i != 1000; ++i)
        operations.push_back({static_cast<kind>(i * 7 % 3), i * 31 % 22,
                              cents(static_cast<std::int64_t>(i * 13 % 40) - 2)});
    std::vector<coffer::outcome> outcomes(operations.size());
    REQUIRE(batched.apply(operations, outcomes) == operations.size());
    for (std::size_t i = 0; i != operations.size(); ++i) {
        const operation& one = operations[i];
        const coffer::outcome due = one.kind == kind::balance ? single.balance(one.account)
                                    : one.kind == kind::deposit
                                        ? single.deposit(one.account, one.amount)
                                        : single.withdraw(one.account, one.amount);
        REQUIRE(outcomes[i].error == due.error);
        REQUIRE(outcomes[i].posting.account == due.posting.account);
        REQUIRE(outcomes[i].posting.sequence == due.posting.sequence);
        REQUIRE(outcomes[i].posting.balance == due.posting.balance);
    }
    REQUIRE(batched.apply(std::span{operations}.first(3), std::span{outcomes}.first(2)) == 2);
    REQUIRE(batched.apply({}, {}) == 0);

    operations[1].kind = static_cast<coffer::operation_kind>(200);
    REQUIRE(batched.apply(std::span{operations}.first(3), outcomes) == 1);
}
