#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <coffer/ledger.hpp>
#include "catch.hpp"
#include "core/in_threads.hpp"

namespace {

using coffer::account_number;
using coffer::errc;
using coffer::ledger;
using coffer::money;
using coffer::outcome;
using coffer::posting;
using coffer::tests::in_threads;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr account_number highest = std::numeric_limits<account_number>::max();

money cents(std::int64_t minor_units) {
    return money::from_minor(minor_units);
}

void require_balance(const coffer::ledger& ledger, account_number number, std::int64_t minor_units,
                     std::uint64_t sequence) {
    const outcome found = ledger.balance(number);
    REQUIRE(found);
    REQUIRE(found.posting.account == number);
    REQUIRE(found.posting.balance.minor() == minor_units);
    REQUIRE(found.posting.sequence == sequence);
}

std::vector<posting> visited(coffer::ledger& ledger) {
    std::vector<posting> postings;
    ledger.cut([&postings](posting each) { postings.push_back(each); });
    std::ranges::sort(postings, {}, &posting::account);
    return postings;
}

}  // namespace

TEST_CASE("open: an account begins with its first posting", "[core]") {
    coffer::ledger ledger;
    const outcome opened = ledger.open(10'001, cents(100'000));
    REQUIRE(opened);
    REQUIRE(opened.posting.account == 10'001);
    REQUIRE(opened.posting.sequence == 1);
    REQUIRE(opened.posting.balance.minor() == 100'000);
    require_balance(ledger, 10'001, 100'000, 1);

    REQUIRE(ledger.open(10'002));
    require_balance(ledger, 10'002, 0, 1);
    REQUIRE(ledger.size() == 2);
}

TEST_CASE("open: an account opens once", "[core]") {
    coffer::ledger ledger;
    REQUIRE(ledger.open(1, cents(5)));
    const outcome again = ledger.open(1, cents(7));
    REQUIRE(again.error == errc::already_open);
    REQUIRE(again.posting.balance.minor() == 5);
    require_balance(ledger, 1, 5, 1);
    REQUIRE(ledger.size() == 1);
}

TEST_CASE("open: refuses number 0 and a balance below zero", "[core]") {
    coffer::ledger ledger;
    REQUIRE(ledger.open(0, cents(5)).error == errc::no_such_account);
    REQUIRE(ledger.open(1, cents(-1)).error == errc::invalid_amount);
    REQUIRE(ledger.size() == 0);
    REQUIRE(ledger.balance(1).error == errc::no_such_account);
    REQUIRE(ledger.open(1, cents(most)));
}

TEST_CASE("ledger: knows nothing of accounts never opened", "[core]") {
    coffer::ledger ledger;
    for (const account_number number : {account_number{0}, account_number{1}, highest}) {
        REQUIRE(ledger.balance(number).error == errc::no_such_account);
        REQUIRE(ledger.deposit(number, cents(1)).error == errc::no_such_account);
        const outcome refused = ledger.withdraw(number, cents(1));
        REQUIRE(refused.error == errc::no_such_account);
        REQUIRE(refused.posting.account == number);
    }
    REQUIRE(ledger.size() == 0);
}

TEST_CASE("ledger: the highest account number is an account like any other", "[core]") {
    coffer::ledger ledger{{1, 0}};
    REQUIRE(ledger.open(highest, cents(10)));
    REQUIRE(ledger.open(highest).error == errc::already_open);
    REQUIRE(ledger.withdraw(highest, cents(3)));
    require_balance(ledger, highest, 7, 2);
    REQUIRE(ledger.size() == 1);
    REQUIRE(visited(ledger).size() == 1);
}

TEST_CASE("ledger: amounts of zero or less are invalid, whatever the account", "[core]") {
    coffer::ledger ledger;
    REQUIRE(ledger.open(1, cents(100)));
    for (const std::int64_t amount : {std::int64_t{0}, std::int64_t{-1}, -most - 1})
        for (const account_number number : {account_number{1}, account_number{2}}) {
            REQUIRE(ledger.deposit(number, cents(amount)).error == errc::invalid_amount);
            REQUIRE(ledger.withdraw(number, cents(amount)).error == errc::invalid_amount);
        }
    require_balance(ledger, 1, 100, 1);
}

TEST_CASE("ledger: refused postings leave everything as it was", "[core]") {
    coffer::ledger ledger;
    REQUIRE(ledger.open(1, cents(100)));
    const outcome short_of_funds = ledger.withdraw(1, cents(101));
    REQUIRE(short_of_funds.error == errc::insufficient_funds);
    REQUIRE(short_of_funds.posting.balance.minor() == 100);
    REQUIRE(ledger.deposit(1, cents(most)).error == errc::balance_overflow);
    require_balance(ledger, 1, 100, 1);
}

TEST_CASE("deposit: 0.1 ten times is exactly 1.0", "[core]") {
    coffer::ledger ledger;
    REQUIRE(ledger.open(10'001, money::parse("1000.0").value));
    for (int i = 0; i != 10; ++i)
        REQUIRE(ledger.deposit(10'001, money::parse("0.1").value));
    REQUIRE(coffer::to_string(ledger.balance(10'001).posting.balance) == "1001.0");
    require_balance(ledger, 10'001, 100'100, 11);
}

TEST_CASE("withdraw: 64 threads take 1.0 until refused, and 1000.0 lasts 1000 times", "[core]") {
    coffer::ledger ledger;
    REQUIRE(ledger.open(10'001, money::parse("1000.0").value));
    const money one = money::parse("1.0").value;
    std::atomic<int> paid{0};
    std::atomic<int> refused_otherwise{0};
    in_threads(64, [&](std::size_t) {
        outcome last = ledger.withdraw(10'001, one);
        for (; last; last = ledger.withdraw(10'001, one))
            ++paid;
        refused_otherwise += last.error == errc::insufficient_funds ? 0 : 1;
    });
    REQUIRE(paid == 1'000);
    REQUIRE(refused_otherwise == 0);
    require_balance(ledger, 10'001, 0, 1'001);
    REQUIRE(coffer::to_string(ledger.balance(10'001).posting.balance) == "0.0");
}

TEST_CASE("restore: an account goes on where it was", "[core]") {
    coffer::ledger ledger;
    REQUIRE(ledger.restore({5, 41, cents(700)}));
    require_balance(ledger, 5, 700, 41);
    REQUIRE(ledger.restore({5, 50, cents(900)}).error == errc::already_open);
    REQUIRE(ledger.deposit(5, cents(1)));
    require_balance(ledger, 5, 701, 42);
}

TEST_CASE("restore: refuses what no posting could have left", "[core]") {
    coffer::ledger ledger;
    REQUIRE(ledger.restore({0, 1, cents(1)}).error == errc::no_such_account);
    REQUIRE(ledger.restore({5, 1, cents(-1)}).error == errc::invalid_amount);
    REQUIRE_FALSE(ledger.restore({5, 0, cents(1)}));
    REQUIRE_FALSE(ledger.restore({5, coffer::account::max_sequence + 1, cents(1)}));
    REQUIRE(ledger.restore({5, 2, cents(1)}, coffer::account_status::closed).error ==
            errc::invalid_amount);
    REQUIRE(ledger.size() == 0);
}

TEST_CASE("restore: an account at its last sequence takes no more", "[core]") {
    coffer::ledger ledger;
    REQUIRE(ledger.restore({5, coffer::account::max_sequence, cents(100)}));
    REQUIRE(ledger.deposit(5, cents(1)).error == errc::sequence_exhausted);
    REQUIRE(ledger.withdraw(5, cents(1)).error == errc::sequence_exhausted);
    REQUIRE(ledger.withdraw(5, cents(101)).error == errc::insufficient_funds);
    require_balance(ledger, 5, 100, coffer::account::max_sequence);
}

TEST_CASE("cut: gives the last posting of every account", "[core]") {
    coffer::ledger ledger;
    for (account_number number = 1; number <= 1'000; ++number)
        REQUIRE(ledger.open(number, cents(static_cast<std::int64_t>(number))));
    REQUIRE(ledger.deposit(500, cents(1)));

    const std::vector<posting> postings = visited(ledger);
    REQUIRE(postings.size() == 1'000);
    for (std::size_t i = 0; i != postings.size(); ++i) {
        const bool posted_to = postings[i].account == 500;
        REQUIRE(postings[i].account == i + 1);
        REQUIRE(postings[i].sequence == (posted_to ? 2U : 1U));
        REQUIRE(postings[i].balance.minor() == static_cast<std::int64_t>(i) + (posted_to ? 2 : 1));
    }
}

TEST_CASE("ledger: its options change its layout and nothing else", "[core]") {
    const auto chosen = GENERATE(ledger::options{0, 0}, ledger::options{1, 0},
                                 ledger::options{0, 1}, ledger::options{3, 1'000});
    coffer::ledger ledger{chosen};
    for (account_number number = 1; number <= 5'000; ++number)
        if (!ledger.open(number, cents(1)) || !ledger.deposit(number, cents(1)))
            FAIL("account " << number);
    REQUIRE(ledger.size() == 5'000);
    REQUIRE(visited(ledger).size() == 5'000);
    require_balance(ledger, 1, 2, 2);
    require_balance(ledger, 5'000, 2, 2);
}

TEST_CASE("open: threads that open the same accounts open each once", "[core]") {
    constexpr account_number last = 5'000;
    coffer::ledger ledger{{1, 0}};
    std::atomic<std::uint64_t> opened{0};
    std::atomic<std::uint64_t> otherwise{0};
    in_threads(4, [&](std::size_t) {
        for (account_number number = 1; number <= last; ++number) {
            const errc error = ledger.open(number, cents(1)).error;
            opened += error == errc::ok ? 1 : 0;
            otherwise += error == errc::ok || error == errc::already_open ? 0 : 1;
        }
        const errc error = ledger.open(highest, cents(1)).error;
        opened += error == errc::ok ? 1 : 0;
    });
    REQUIRE(opened == last + 1);
    REQUIRE(otherwise == 0);
    REQUIRE(ledger.size() == last + 1);
    REQUIRE(visited(ledger).size() == last + 1);
}

TEST_CASE("ledger: postings to many accounts from many threads add up", "[core]") {
    constexpr account_number accounts = 16;
    constexpr std::int64_t opening = 1'000;
    constexpr int rounds = 50'000;
    coffer::ledger ledger;
    for (account_number number = 1; number <= accounts; ++number)
        REQUIRE(ledger.open(number, cents(opening)));
    std::atomic<std::int64_t> difference{0};
    std::atomic<std::uint64_t> made{0};
    in_threads(8, [&](std::size_t index) {
        std::int64_t my_difference = 0;
        std::uint64_t mine = 0;
        for (int i = 0; i != rounds; ++i) {
            const account_number number =
                1 + (static_cast<account_number>(i) * 7 + index) % accounts;
            const std::int64_t amount = 1 + i % 400;
            const bool down = (static_cast<std::size_t>(i) + index) % 2 == 0;
            if (down ? ledger.withdraw(number, cents(amount))
                     : ledger.deposit(number, cents(amount))) {
                my_difference += down ? -amount : amount;
                ++mine;
            }
        }
        difference += my_difference;
        made += mine;
    });

    std::int64_t sum = 0;
    std::uint64_t sequences = 0;
    ledger.cut([&](posting each) {
        sum += each.balance.minor();
        sequences += each.sequence;
        REQUIRE(each.balance.minor() >= 0);
    });
    REQUIRE(sum == static_cast<std::int64_t>(accounts) * opening + difference);
    REQUIRE(sequences == accounts + made);
}

TEST_CASE("durable_sequence: is what was noted last, and 0 before", "[core]") {
    coffer::ledger ledger;
    for (const account_number number :
         {account_number{7}, std::numeric_limits<account_number>::max()}) {
        REQUIRE(ledger.durable_sequence(number) == 0);
        ledger.note_durable(number, 5);
        REQUIRE(ledger.durable_sequence(number) == 0);
        REQUIRE(ledger.open(number));
        REQUIRE(ledger.durable_sequence(number) == 0);
        ledger.note_durable(number, 1);
        REQUIRE(ledger.durable_sequence(number) == 1);
        REQUIRE(ledger.deposit(number, money::from_minor(1)));
        REQUIRE(ledger.durable_sequence(number) == 1);
        ledger.note_durable(number, 2);
        REQUIRE(ledger.durable_sequence(number) == 2);
        REQUIRE(ledger.balance(number).posting.sequence == 2);
    }
}

TEST_CASE("restore: what is restored is durable", "[core]") {
    coffer::ledger ledger;
    REQUIRE(ledger.restore({7, 12, money::from_minor(1)}));
    REQUIRE(ledger.durable_sequence(7) == 12);
    REQUIRE_FALSE(ledger.restore({7, 13, money::from_minor(1)}));
    REQUIRE(ledger.durable_sequence(7) == 12);
}
