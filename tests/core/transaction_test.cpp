#include <coffer/transaction.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <vector>

#include <coffer/ledger.hpp>

#include "catch.hpp"
#include "core/in_threads.hpp"

using coffer::account_number;
using coffer::errc;
using coffer::ledger;
using coffer::leg;
using coffer::money;
using coffer::posting;
using coffer::transaction_outcome;
using coffer::tests::in_threads;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

money cents(std::int64_t minor_units) {
    return money::from_minor(minor_units);
}

/// A ledger with accounts 1 .. 9, of 100 cents each.
struct nine_accounts {
    nine_accounts() {
        for (account_number i = 1; i != 10; ++i)
            REQUIRE(ledger.open(i, cents(100)));
    }
    transaction_outcome transact(const std::vector<leg>& legs) { return ledger.transact(legs); }
    void require_refused(const std::vector<leg>& legs, errc error, std::size_t culprit) {
        const auto refused = transact(legs);
        REQUIRE_FALSE(refused);
        REQUIRE(refused.error == error);
        REQUIRE(refused.count == std::min(legs.size(), coffer::max_transaction_legs));
        REQUIRE(refused.culprit == culprit);
    }
    void require_posting(const posting& found, account_number number, std::uint64_t sequence,
                         std::int64_t minor_units) {
        REQUIRE(found.account == number);
        REQUIRE(found.sequence == sequence);
        REQUIRE(found.balance.minor() == minor_units);
    }
    void require_account(account_number number, std::uint64_t sequence, std::int64_t minor_units) {
        require_posting(ledger.balance(number).posting, number, sequence, minor_units);
    }
    void require_unchanged() {
        for (account_number i = 1; i != 10; ++i)
            require_account(i, 1, 100);
    }

    coffer::ledger ledger;
};

}  // namespace

TEST_CASE("transact: changes all accounts, and returns their postings in the legs' order",
          "[core]") {
    nine_accounts it;
    const auto done = it.transact({{3, cents(-30)}, {1, cents(29)}, {2, cents(1)}});
    REQUIRE(done);
    REQUIRE(done.count == 3);
    it.require_posting(done.postings[0], 3, 2, 70);
    it.require_posting(done.postings[1], 1, 2, 129);
    it.require_posting(done.postings[2], 2, 2, 101);
    it.require_account(3, 2, 70);
    it.require_account(1, 2, 129);
    it.require_account(2, 2, 101);
    it.require_account(4, 1, 100);
}

TEST_CASE("transact: takes two to eight legs", "[core]") {
    nine_accounts it;
    std::vector<leg> legs{{9, cents(-7)}};
    it.require_refused({}, errc::too_few_legs, 0);
    it.require_refused(legs, errc::too_few_legs, 1);
    std::int64_t paid = 0;
    for (account_number i = 8; i != 1; --i) {
        legs.push_back({i, cents(1)});
        legs[0].amount = cents(1 - static_cast<std::int64_t>(legs.size()));
        REQUIRE(it.transact(legs));
        paid -= legs[0].amount.minor();
    }
    REQUIRE(legs.size() == coffer::max_transaction_legs);
    it.require_account(9, 8, 100 - paid);
    it.require_account(8, 8, 107);
    it.require_account(2, 2, 101);
    legs.push_back({1, cents(1)});
    it.require_refused(legs, errc::too_many_legs, 8);
    REQUIRE(it.ledger.transact(legs).count == 8);
}

TEST_CASE("transact: refuses legs that are none, whatever their accounts are", "[core]") {
    nine_accounts it;
    it.require_refused({{1, cents(0)}, {77, cents(3)}, {1, cents(5)}}, errc::same_account, 2);
    it.require_refused({{77, cents(3)}, {1, cents(0)}}, errc::invalid_amount, 1);
    it.require_refused({{77, cents(3)}, {1, cents(-2)}}, errc::unbalanced, 2);
    it.require_refused({{1, cents(most)}, {2, cents(most)}, {3, cents(2)}}, errc::unbalanced, 3);
    it.require_refused({{3, cents(-most - 1)}, {1, cents(most)}, {2, cents(1)}},
                       errc::insufficient_funds, 0);
    it.require_unchanged();
}

TEST_CASE("transact: looks for the accounts first, then whether they are open, then for funds",
          "[core]") {
    nine_accounts it;
    REQUIRE(it.ledger.withdraw(9, cents(100)));
    REQUIRE(it.ledger.close(9));
    it.require_refused({{1, cents(-101)}, {9, cents(100)}, {77, cents(1)}}, errc::no_such_account,
                       2);
    it.require_refused({{1, cents(-101)}, {2, cents(100)}, {9, cents(1)}}, errc::account_closed, 2);
    it.require_refused({{2, cents(100)}, {1, cents(-101)}, {3, cents(1)}}, errc::insufficient_funds,
                       1);
    const auto refused = it.transact({{2, cents(100)}, {1, cents(-101)}, {3, cents(1)}});
    it.require_posting(refused.postings[1], 1, 1, 100);
    REQUIRE(it.ledger.restore({20, 5, cents(most)}));
    it.require_refused({{1, cents(-2)}, {20, cents(1)}, {2, cents(1)}}, errc::balance_overflow, 1);
    REQUIRE(it.ledger.restore({21, coffer::account::max_sequence, cents(5)}));
    it.require_refused({{1, cents(-2)}, {21, cents(1)}, {2, cents(1)}}, errc::sequence_exhausted,
                       1);
    it.require_account(1, 1, 100);
    it.require_account(2, 1, 100);
}

TEST_CASE("transact: goes on after cuts that came before, between and after", "[core]") {
    nine_accounts it;
    for (int round = 0; round != 50; ++round) {
        REQUIRE(it.ledger.cut([](const posting&) {}).total_minor == 900);
        REQUIRE(it.transact({{5, cents(-3)}, {1, cents(1)}, {9, cents(2)}}));
        REQUIRE(it.transact({{5, cents(3)}, {1, cents(-1)}, {9, cents(-2)}}));
    }
    it.require_account(5, 101, 100);
}

TEST_CASE("transact: in many threads, beside cuts, no part of one is ever seen", "[core]") {
    nine_accounts it;
    std::atomic<int> wrong{0};
    std::atomic<int> made{0};
    in_threads(4, [&](std::size_t thread) {
        if (thread == 0) {
            for (int i = 0; i != 100; ++i)
                wrong += it.ledger.cut([](const posting&) {}).total_minor != 900;
            return;
        }
        int mine = 0;
        for (std::size_t i = 0; i != 5'000; ++i) {
            const std::size_t first = i * 5 + thread * 3;
            std::array<leg, 4> legs{};
            for (std::size_t k = 0; k != 4; ++k)
                legs[k] = {(first + k * 2) % 9 + 1, cents(k == 0 ? -3 : 1)};
            mine += it.ledger.transact(legs) ? 4 : 0;
        }
        made += mine;
    });
    REQUIRE(wrong == 0);
    std::int64_t total_minor = 0;
    std::uint64_t sequences = 0;
    for (account_number i = 1; i != 10; ++i) {
        const posting last = it.ledger.balance(i).posting;
        REQUIRE(last.balance.minor() >= 0);
        total_minor += last.balance.minor();
        sequences += last.sequence - 1;
    }
    REQUIRE(total_minor == 900);
    REQUIRE(sequences == static_cast<std::uint64_t>(made));
}
