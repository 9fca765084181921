#include <atomic>
#include <cstdint>
#include <limits>

#include <coffer/ledger.hpp>

#include "catch.hpp"
#include "core/in_threads.hpp"

using coffer::account;
using coffer::errc;
using coffer::ledger;
using coffer::money;
using coffer::posting;
using coffer::tests::in_threads;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

money cents(std::int64_t minor_units) {
    return money::from_minor(minor_units);
}

void require_posting(const posting& found, coffer::account_number number, std::uint64_t sequence,
                     std::int64_t minor_units) {
    REQUIRE(found.account == number);
    REQUIRE(found.sequence == sequence);
    REQUIRE(found.balance.minor() == minor_units);
}

/// A ledger with accounts 1, of 100 cents, and 2, of 50.
struct two_accounts {
    two_accounts() {
        REQUIRE(ledger.open(1, cents(100)));
        REQUIRE(ledger.open(2, cents(50)));
    }
    void require_unchanged() const {
        require_posting(ledger.balance(1).posting, 1, 1, 100);
        require_posting(ledger.balance(2).posting, 2, 1, 50);
    }

    coffer::ledger ledger;
};

}  // namespace

TEST_CASE("transfer: makes one posting in each account, in either direction", "[core]") {
    two_accounts it;
    const auto there = it.ledger.transfer(1, 2, cents(30));
    REQUIRE(there);
    require_posting(there.from, 1, 2, 70);
    require_posting(there.to, 2, 2, 80);
    const auto back = it.ledger.transfer(2, 1, cents(80));
    REQUIRE(back);
    require_posting(back.from, 2, 3, 0);
    require_posting(back.to, 1, 3, 150);
    require_posting(it.ledger.balance(1).posting, 1, 3, 150);
    require_posting(it.ledger.balance(2).posting, 2, 3, 0);
}

TEST_CASE("transfer: says why it makes none, and changes neither account", "[core]") {
    two_accounts it;
    const auto error = [&it](coffer::account_number from, coffer::account_number to,
                             std::int64_t minor_units) {
        const auto refused = it.ledger.transfer(from, to, cents(minor_units));
        REQUIRE_FALSE(refused);
        return refused.error;
    };
    REQUIRE(error(1, 2, 0) == errc::invalid_amount);
    REQUIRE(error(1, 2, -1) == errc::invalid_amount);
    REQUIRE(error(1, 1, 1) == errc::same_account);
    REQUIRE(error(1, 1, 0) == errc::same_account);
    REQUIRE(error(1, 3, 1) == errc::no_such_account);
    REQUIRE(error(3, 1, 1) == errc::no_such_account);
    REQUIRE(error(0, 1, 1) == errc::no_such_account);
    REQUIRE(error(1, 2, 101) == errc::insufficient_funds);
    REQUIRE(error(1, 2, most) == errc::insufficient_funds);
    it.require_unchanged();
}

TEST_CASE("transfer: refuses what an account cannot hold or count", "[core]") {
    two_accounts it;
    REQUIRE(it.ledger.open(3, cents(most)));
    REQUIRE(it.ledger.restore({4, account::max_sequence, cents(10)}));
    REQUIRE(it.ledger.transfer(1, 3, cents(1)).error == errc::balance_overflow);
    REQUIRE(it.ledger.transfer(1, 4, cents(1)).error == errc::sequence_exhausted);
    REQUIRE(it.ledger.transfer(4, 1, cents(1)).error == errc::sequence_exhausted);
    require_posting(it.ledger.balance(3).posting, 3, 1, most);
    require_posting(it.ledger.balance(4).posting, 4, account::max_sequence, 10);
    it.require_unchanged();
}

TEST_CASE("transfer: goes on after cuts that came before, between and after", "[core]") {
    two_accounts it;
    for (int round = 0; round != 300; ++round) {
        const auto summary = it.ledger.cut([](const posting&) {});
        REQUIRE(summary.total_minor == 150);
        REQUIRE(summary.epoch == static_cast<std::uint64_t>(round) + 1);
        REQUIRE(it.ledger.transfer(1, 2, cents(1 + round % 3)).error == errc::ok);
        REQUIRE(it.ledger.transfer(2, 1, cents(1 + round % 3)).error == errc::ok);
    }
    require_posting(it.ledger.balance(1).posting, 1, 601, 100);
}

TEST_CASE("transfer: opposite ones between two accounts come to an end and lose nothing",
          "[core]") {
    two_accounts it;
    constexpr int each = 20'000;
    std::atomic<int> made{0};
    in_threads(4, [&](std::size_t index) {
        int mine = 0;
        for (int i = 0; i != each; ++i) {
            const bool there = (index + static_cast<std::size_t>(i)) % 2 == 0;
            mine += it.ledger.transfer(there ? 1 : 2, there ? 2 : 1, cents(1)) ? 1 : 0;
        }
        made += mine;
    });
    const posting one = it.ledger.balance(1).posting;
    const posting two = it.ledger.balance(2).posting;
    REQUIRE(one.balance.minor() + two.balance.minor() == 150);
    REQUIRE(one.sequence == static_cast<std::uint64_t>(made) + 1);
    REQUIRE(two.sequence == static_cast<std::uint64_t>(made) + 1);
}

TEST_CASE("transfer: round a ring of accounts, in many threads, money goes round", "[core]") {
    constexpr std::size_t accounts = 5;
    coffer::ledger ledger;
    for (std::size_t i = 0; i != accounts; ++i)
        REQUIRE(ledger.open(i + 1, cents(10)));
    in_threads(accounts, [&ledger](std::size_t index) {
        for (int i = 0; i != 5'000; ++i)
            static_cast<void>(
                ledger.transfer(index + 1, (index + 1) % accounts + 1, cents(1 + i % 3)));
    });
    std::int64_t total_minor = 0;
    for (std::size_t i = 0; i != accounts; ++i) {
        const std::int64_t balance_minor = ledger.balance(i + 1).posting.balance.minor();
        REQUIRE(balance_minor >= 0);
        total_minor += balance_minor;
    }
    REQUIRE(total_minor == 10 * static_cast<std::int64_t>(accounts));
}
