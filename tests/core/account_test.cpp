#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <vector>

#include <coffer/account.hpp>
#include <coffer/ledger.hpp>
#include "catch.hpp"
#include "core/in_threads.hpp"

namespace {

using coffer::account;
using coffer::account_state;
using coffer::errc;
using coffer::ledger;
using coffer::money;
using coffer::outcome;
using coffer::posting;
using coffer::tests::in_threads;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

money cents(std::int64_t minor_units) {
    return money::from_minor(minor_units);
}

/// A ledger with one account, of number 7.
class opened_account {
public:
    explicit opened_account(std::int64_t minor_units, std::uint64_t sequence = 1) {
        REQUIRE(open(minor_units, sequence));
    }
    outcome open(std::int64_t minor_units, std::uint64_t sequence) {
        return ledger_.restore({7, sequence, cents(minor_units)});
    }
    outcome deposit(money amount) { return ledger_.deposit(7, amount); }
    outcome withdraw(money amount) { return ledger_.withdraw(7, amount); }
    account_state load() {
        const posting last = ledger_.balance(7).posting;
        return {last.balance, last.sequence};
    }

private:
    ledger ledger_;
};

void require_state(const account_state& state, std::int64_t minor_units, std::uint64_t sequence) {
    REQUIRE(state.value.minor() == minor_units);
    REQUIRE(state.sequence == sequence);
}

void require_outcome(const outcome& found, errc error, std::int64_t minor_units,
                     std::uint64_t sequence) {
    REQUIRE(found.error == error);
    REQUIRE(static_cast<bool>(found) == (error == errc::ok));
    REQUIRE(found.posting.account == 7);
    require_state({found.posting.balance, found.posting.sequence}, minor_units, sequence);
}

}  // namespace

TEST_CASE("account: two share a cache line", "[core]") {
    STATIC_REQUIRE(sizeof(account) == 32);
    STATIC_REQUIRE(alignof(account) == 32);
}

TEST_CASE("account: zeroed memory has no number and is not open", "[core]") {
    account one{};
    REQUIRE(one.number() == 0);
    require_state(one.load(), 0, 0);
}

TEST_CASE("claim: the first number stays", "[core]") {
    account one{};
    REQUIRE(one.claim(7) == 0);
    REQUIRE(one.claim(8) == 7);
    REQUIRE(one.claim(7) == 7);
    REQUIRE(one.number() == 7);
}

TEST_CASE("account: a state is loaded as it was stored, at the edges of all its parts", "[core]") {
    account one{};
    account_state last{};
    for (const account_state& next : {account_state{cents(most), account::max_sequence,
                                                    account::max_transfer, account::max_epoch},
                                      account_state{cents(0), 1, 0, account::max_epoch},
                                      account_state{cents(1), 1, account::max_transfer, 0},
                                      account_state{cents(-1), account::max_sequence, 1, 1}}) {
        REQUIRE_FALSE(one.replace(next, next));
        REQUIRE(one.replace(last, next));
        REQUIRE(one.load() == next);
        last = next;
    }
}

TEST_CASE("open: succeeds once", "[core]") {
    opened_account one{100};
    require_outcome(one.open(200, 1), errc::already_open, 100, 1);
    require_outcome(one.open(200, 5), errc::already_open, 100, 1);
    require_state(one.load(), 100, 1);
}

TEST_CASE("open: zero is a balance like any other", "[core]") {
    opened_account one{0};
    require_state(one.load(), 0, 1);
    require_outcome(one.open(0, 1), errc::already_open, 0, 1);
}

TEST_CASE("account: each posting changes the balance and counts one", "[core]") {
    opened_account one{1'000};
    require_outcome(one.deposit(cents(1)), errc::ok, 1'001, 2);
    require_outcome(one.withdraw(cents(1'000)), errc::ok, 1, 3);
    require_outcome(one.withdraw(cents(1)), errc::ok, 0, 4);
    require_outcome(one.deposit(cents(5)), errc::ok, 5, 5);
    require_state(one.load(), 5, 5);
}

TEST_CASE("withdraw: leaves the balance as it was when funds are short", "[core]") {
    opened_account one{1'000};
    require_outcome(one.withdraw(cents(1'001)), errc::insufficient_funds, 1'000, 1);
    require_outcome(one.withdraw(cents(most)), errc::insufficient_funds, 1'000, 1);
    require_state(one.load(), 1'000, 1);
}

TEST_CASE("deposit: leaves the balance as it was when it would not fit", "[core]") {
    opened_account one{most - 1};
    require_outcome(one.deposit(cents(2)), errc::balance_overflow, most - 1, 1);
    require_outcome(one.deposit(cents(most)), errc::balance_overflow, most - 1, 1);
    require_outcome(one.deposit(cents(1)), errc::ok, most, 2);
    require_outcome(one.deposit(cents(1)), errc::balance_overflow, most, 2);
    require_outcome(one.withdraw(cents(most)), errc::ok, 0, 3);
}

TEST_CASE("account: takes no posting past the last sequence", "[core]") {
    opened_account one{100, account::max_sequence - 1};
    require_outcome(one.withdraw(cents(1)), errc::ok, 99, account::max_sequence);
    require_outcome(one.deposit(cents(1)), errc::sequence_exhausted, 99, account::max_sequence);
    require_outcome(one.withdraw(cents(1)), errc::sequence_exhausted, 99, account::max_sequence);
    require_outcome(one.open(1, 1), errc::already_open, 99, account::max_sequence);
    require_state(one.load(), 99, account::max_sequence);
}

TEST_CASE("withdraw: eight threads drain an account to zero, one sequence each", "[core]") {
    constexpr std::int64_t opening = 200'000;
    opened_account one{opening};
    std::vector<posting> postings;
    std::mutex postings_guard;
    in_threads(8, [&](std::size_t) {
        std::vector<posting> mine;
        while (const outcome paid = one.withdraw(cents(1)))
            mine.push_back(paid.posting);
        const std::lock_guard lock{postings_guard};
        postings.insert(postings.end(), mine.begin(), mine.end());
    });

    require_state(one.load(), 0, opening + 1);
    REQUIRE(postings.size() == opening);
    std::ranges::sort(postings, {}, &posting::sequence);
    std::uint64_t sequence = 1;
    for (const posting& each : postings)
        if (each.sequence != ++sequence ||
            each.balance != cents(opening + 1 - static_cast<std::int64_t>(sequence)))
            FAIL("sequence " << each.sequence << " has balance " << each.balance.minor());
}

TEST_CASE("account: deposits and withdrawals in many threads add up", "[core]") {
    constexpr int rounds = 20'000;
    opened_account one{0};
    std::atomic<std::uint64_t> made{0};
    in_threads(8, [&](std::size_t index) {
        const money amount = cents(static_cast<std::int64_t>(index) + 1);
        std::uint64_t mine = 0;
        for (int i = 0; i != rounds; ++i) {
            mine += one.deposit(amount) ? 1 : 0;
            while (!one.withdraw(amount)) {
            }
            ++mine;
        }
        made += mine;
    });
    REQUIRE(made == 8 * rounds * 2);
    require_state(one.load(), 0, made + 1);
}

TEST_CASE("load: a balance is never seen without its sequence", "[core]") {
    constexpr std::uint64_t deposits = 200'000;
    opened_account one{0};
    std::atomic<std::uint64_t> writers_left{2};
    std::atomic<std::uint64_t> mismatches{0};
    in_threads(4, [&](std::size_t index) {
        if (index < 2) {
            for (std::uint64_t i = 0; i != deposits; ++i)
                static_cast<void>(one.deposit(cents(1)));
            --writers_left;
            return;
        }
        std::uint64_t last = 1;
        while (writers_left != 0) {
            const account_state seen = one.load();
            const bool right = seen.sequence >= last &&
                               seen.value.minor() == static_cast<std::int64_t>(seen.sequence) - 1;
            mismatches += right ? 0 : 1;
            last = seen.sequence;
        }
    });
    REQUIRE(mismatches == 0);
    require_state(one.load(), 2 * deposits, 2 * deposits + 1);
}

TEST_CASE("open: of many threads one succeeds", "[core]") {
    for (int round = 0; round != 50; ++round) {
        coffer::ledger ledger;
        std::atomic<int> opened{0};
        in_threads(4, [&](std::size_t index) {
            opened += ledger.open(7, cents(static_cast<std::int64_t>(index))) ? 1 : 0;
        });
        REQUIRE(opened == 1);
        REQUIRE(ledger.balance(7).posting.sequence == 1);
    }
}
