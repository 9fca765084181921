#include <coffer/resumable_cut.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include <coffer/ledger.hpp>

#include "catch.hpp"
#include "core/in_threads.hpp"

using coffer::account_number;
using coffer::cut_pace;
using coffer::ledger;
using coffer::money;
using coffer::posting;
using coffer::resumable_cut;
using state = resumable_cut::state;

namespace {

constexpr auto ignore = [](const posting&) {};

void open_accounts(coffer::ledger& ledger, std::uint64_t count, std::int64_t balance_minor) {
    for (account_number i = 1; i <= count; ++i)
        REQUIRE(ledger.open(i, money::from_minor(balance_minor)));
}

/// Steps until the cut's moment has come.
void begin(resumable_cut& cut) {
    while (!cut.has_begun())
        REQUIRE(cut.next(8, [](const posting&) { FAIL("visited before the cut began"); }) ==
                state::more);
}

void finish(resumable_cut& cut) {
    while (cut.next(8, ignore) == state::more) {
    }
}

}  // namespace

TEST_CASE("resumable_cut: visits each account once, in steps of no more than asked for", "[core]") {
    coffer::ledger ledger;
    open_accounts(ledger, 1000, 3);
    REQUIRE(ledger.open(std::numeric_limits<account_number>::max(), money::from_minor(4)));
    auto cut = ledger.begin_cut();
    REQUIRE(cut);
    std::vector<account_number> visited;
    std::size_t steps = 0;
    for (state now = state::more; now == state::more; ++steps) {
        std::size_t in_this_step = 0;
        now = cut->next(10, [&](const posting& each) {
            ++in_this_step;
            visited.push_back(each.account);
        });
        REQUIRE(in_this_step <= 11);  // the last one has no place in the table
    }
    REQUIRE(cut->next(10, ignore) == state::done);
    std::ranges::sort(visited);
    REQUIRE(std::ranges::adjacent_find(visited) == visited.end());
    REQUIRE(visited.size() == 1001);
    REQUIRE(steps > 100);
    REQUIRE(cut->summary().accounts == 1001);
    REQUIRE(cut->summary().total_minor == 3004);
}

TEST_CASE("resumable_cut: shows the moment of its beginning, whatever is posted between its steps",
          "[core]") {
    coffer::ledger ledger;
    open_accounts(ledger, 200, 10);
    auto cut = ledger.begin_cut();
    REQUIRE(ledger.deposit(7, money::from_minor(5)));
    begin(*cut);
    account_number next = 1000;
    state now = state::more;
    while (now == state::more) {
        now = cut->next(3, [](const posting& each) {
            REQUIRE(each.balance.minor() == (each.account == 7 ? 15 : 10));
        });
        for (account_number i = 1; i <= 200; ++i)
            REQUIRE(ledger.transfer(i, i % 200 + 1, money::from_minor(1)));
        REQUIRE(ledger.withdraw(next % 200 + 1, money::from_minor(1)));
        REQUIRE(ledger.open(next++, money::from_minor(5)));
    }
    REQUIRE(now == state::done);
    REQUIRE(cut->summary().accounts == 200);
    REQUIRE(cut->summary().total_minor == 2005);
}

TEST_CASE("resumable_cut: there is one at a time, and another once it is done or left", "[core]") {
    coffer::ledger ledger;
    open_accounts(ledger, 100, 1);
    auto first = ledger.begin_cut();
    REQUIRE_FALSE(ledger.begin_cut());
    begin(*first);
    REQUIRE_FALSE(ledger.begin_cut());
    finish(*first);
    auto second = ledger.begin_cut();
    REQUIRE(second);
    begin(*second);
    REQUIRE(second->summary().epoch == first->summary().epoch + 1);
    second.reset();
    REQUIRE(ledger.begin_cut());
}

TEST_CASE("resumable_cut: what one leaves unfinished is finished before the next begins",
          "[core]") {
    for (const bool by_blocking_cut : {false, true}) {
        coffer::ledger ledger;
        open_accounts(ledger, 500, 1);
        for (int round = 0; round != 20; ++round) {
            auto left = ledger.begin_cut();
            begin(*left);
            REQUIRE(left->next(50, ignore) == state::more);
            left.reset();
            for (account_number i = 1; i <= 500; i += 3)
                REQUIRE(ledger.deposit(i, money::from_minor(1)));
        }
        const std::uint64_t total = 500 + 20 * 167;
        if (by_blocking_cut) {
            REQUIRE(ledger.cut(ignore).total_minor == total);
            continue;
        }
        auto last = ledger.begin_cut();
        begin(*last);
        REQUIRE(ledger.deposit(1, money::from_minor(1)));
        finish(*last);
        REQUIRE(last->summary().total_minor == total);
    }
}

TEST_CASE("resumable_cut: one that is moved goes on, and the cut it was moved from leaves nothing",
          "[core]") {
    coffer::ledger ledger;
    open_accounts(ledger, 100, 1);
    std::optional<resumable_cut> first = ledger.begin_cut();
    begin(*first);
    resumable_cut second{std::move(*first)};
    first.reset();
    REQUIRE_FALSE(ledger.begin_cut());
    finish(second);
    REQUIRE(second.summary().total_minor == 100);
}

TEST_CASE("resumable_cut: a visitor that throws misses its account, and the cut goes on",
          "[core]") {
    coffer::ledger ledger;
    open_accounts(ledger, 10, 1);
    auto cut = ledger.begin_cut();
    begin(*cut);
    REQUIRE_THROWS_AS(cut->next(1000, [](const posting&) { throw std::runtime_error{"no room"}; }),
                      std::runtime_error);
    std::size_t visited = 0;
    while (cut->next(1000, [&visited](const posting&) { ++visited; }) == state::more) {
    }
    REQUIRE(visited == 9);
    REQUIRE(ledger.cut(ignore).accounts == 10);
}

TEST_CASE("cut: overtakes a resumable one that takes longer than its patience", "[core]") {
    coffer::ledger ledger;
    open_accounts(ledger, 100, 1);
    auto slow = ledger.begin_cut();
    begin(*slow);
    REQUIRE(slow->next(10, ignore) == state::more);
    REQUIRE(ledger.deposit(5, money::from_minor(1)));
    const auto whole = ledger.cut(ignore, {.patience = std::chrono::milliseconds{1}});
    REQUIRE(whole.accounts == 100);
    REQUIRE(whole.total_minor == 101);
    REQUIRE(whole.epoch == slow->summary().epoch + 1);
    REQUIRE(slow->next(10, [](const posting&) { FAIL("visited after it was overtaken"); }) ==
            state::overtaken);
    REQUIRE(slow->summary().accounts < 100);
    slow.reset();
    REQUIRE(ledger.begin_cut());
}

TEST_CASE("cut: waits for the end of a resumable one's step, even if one overtaken before steps",
          "[core]") {
    coffer::ledger ledger;
    open_accounts(ledger, 100, 1);
    auto overtaken = ledger.begin_cut();
    begin(*overtaken);
    const cut_pace impatient{.patience = std::chrono::milliseconds{0}};
    REQUIRE(ledger.cut(ignore, impatient).accounts == 100);
    auto stepping = ledger.begin_cut();
    begin(*stepping);
    std::thread other;
    std::atomic<bool> is_cut{false};
    bool was_cut_in_the_step = true;
    state of_the_overtaken = state::more;
    const state now = stepping->next(50, [&](const posting&) {
        if (other.joinable())
            return;
        other = std::thread{[&] { is_cut = ledger.cut(ignore, impatient).accounts == 100; }};
        of_the_overtaken = overtaken->next(5, ignore);
        // A cut of 100 accounts would be over by then.
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
        was_cut_in_the_step = is_cut;
    });
    other.join();
    REQUIRE(now == state::more);
    REQUIRE(of_the_overtaken == state::overtaken);
    REQUIRE_FALSE(was_cut_in_the_step);
    REQUIRE(is_cut);
    REQUIRE(stepping->next(50, ignore) == state::overtaken);
}

TEST_CASE("resumable_cut: overtakes another that takes no step for longer than its patience",
          "[core]") {
    coffer::ledger ledger;
    open_accounts(ledger, 100, 1);
    auto idle = ledger.begin_cut();
    begin(*idle);
    REQUIRE_FALSE(ledger.begin_cut(std::chrono::hours{1}));
    // Not within a step, however long that takes.
    REQUIRE(idle->next(10, [&ledger](const posting&) {
        REQUIRE_FALSE(ledger.begin_cut(std::chrono::milliseconds{0}));
    }) == state::more);
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
    auto next = ledger.begin_cut(std::chrono::milliseconds{1});
    REQUIRE(next);
    REQUIRE(idle->next(10, [](const posting&) { FAIL("visited after it was overtaken"); }) ==
            state::overtaken);
    idle.reset();
    REQUIRE_FALSE(ledger.begin_cut());
    REQUIRE(ledger.deposit(100, money::from_minor(1)));
    begin(*next);
    finish(*next);
    REQUIRE(next->summary().total_minor == 101);
}

TEST_CASE("resumable_cut: a step ends the time in which it has taken none", "[core]") {
    coffer::ledger ledger;
    open_accounts(ledger, 100, 1);
    auto slow = ledger.begin_cut();
    begin(*slow);
    constexpr std::chrono::milliseconds patience{200};
    std::this_thread::sleep_for(patience);
    const auto start = std::chrono::steady_clock::now();
    REQUIRE(slow->next(1, ignore) == state::more);
    const bool is_overtaken = ledger.begin_cut(patience).has_value();
    // Where the machine has stood still in between, there is nothing to see.
    if (std::chrono::steady_clock::now() - start < patience)
        REQUIRE_FALSE(is_overtaken);
}

TEST_CASE("resumable_cut: never overtakes a blocking cut", "[core]") {
    coffer::ledger ledger;
    open_accounts(ledger, 100, 1);
    bool has_overtaken = false;
    REQUIRE(ledger
                .cut(
                    [&](const posting&) {
                        has_overtaken =
                            has_overtaken || ledger.begin_cut(std::chrono::milliseconds{0});
                    },
                    {.rest = std::chrono::microseconds{1}})
                .accounts == 100);
    REQUIRE_FALSE(has_overtaken);
}

TEST_CASE("cut: overtakes a resumable one that takes no step, before its other patience ends",
          "[core]") {
    coffer::ledger ledger;
    open_accounts(ledger, 100, 1);
    auto idle = ledger.begin_cut();
    begin(*idle);
    const cut_pace pace{.patience = std::chrono::hours{1},
                        .idle_patience = std::chrono::milliseconds{1}};
    REQUIRE(ledger.cut(ignore, pace).accounts == 100);
    REQUIRE(idle->next(10, ignore) == state::overtaken);
}

TEST_CASE("cut: waits for a resumable one that is done within its patience", "[core]") {
    coffer::ledger ledger;
    open_accounts(ledger, 1000, 1);
    auto patient = ledger.begin_cut();
    begin(*patient);
    std::atomic<bool> is_done{false};
    std::thread other{[&] {
        const auto whole = ledger.cut(ignore, {.patience = std::chrono::hours{1}});
        is_done = whole.total_minor == 1000;
    }};
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    REQUIRE_FALSE(is_done);
    finish(*patient);
    REQUIRE(patient->next(1, ignore) == state::done);
    other.join();
    REQUIRE(is_done);
}

TEST_CASE("resumable_cut: beside transfers, blocking cuts and overtaking, every total is right",
          "[core]") {
    constexpr std::uint64_t accounts = 64;
    coffer::ledger ledger;
    open_accounts(ledger, accounts, 1000);
    std::atomic<int> wrong{0};
    std::atomic<bool> stopping{false};
    coffer::tests::in_threads(4, [&](std::size_t thread) {
        if (thread == 0) {
            for (int i = 0; i != 200; ++i) {
                auto cut = ledger.begin_cut();
                if (!cut) {
                    std::this_thread::yield();
                    continue;
                }
                while (cut->next(5, ignore) == state::more) {
                }
                wrong += cut->next(5, ignore) == state::done &&
                         cut->summary().total_minor != accounts * 1000;
            }
            stopping = true;
        }
        if (thread == 1)
            while (!stopping)
                wrong +=
                    ledger.cut(ignore, {.patience = std::chrono::milliseconds{0}}).total_minor !=
                    accounts * 1000;
        for (std::uint64_t i = thread; thread > 1 && !stopping; ++i)
            static_cast<void>(
                ledger.transfer(i % accounts + 1, i * 7 % accounts + 1, money::from_minor(1)));
    });
    REQUIRE(wrong == 0);
    REQUIRE(ledger.cut(ignore).total_minor == accounts * 1000);
}

TEST_CASE("scan: meets every account in steps, whatever their size", "[core]") {
    coffer::ledger ledger;
    open_accounts(ledger, 300, 1);
    for (const std::size_t max_slots : {1, 7, 100'000}) {
        ledger::scan_place from;
        std::vector<account_number> met;
        while (!ledger.scan(from, max_slots, [&met](account_number one) { met.push_back(one); })) {
        }
        std::ranges::sort(met);
        REQUIRE(met.size() == 300);
        REQUIRE(std::ranges::adjacent_find(met) == met.end());
        REQUIRE(ledger.scan(from, max_slots, [](account_number) { FAIL("there are no more"); }));
    }
}
