#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <vector>

#include <coffer/ledger.hpp>

#include "catch.hpp"
#include "core/in_threads.hpp"

using coffer::account;
using coffer::account_number;
using coffer::account_status;
using coffer::errc;
using coffer::hold_id;
using coffer::hold_status;
using coffer::if_sequence;
using coffer::ledger;
using coffer::money;
using coffer::posting;
using coffer::tests::in_threads;

namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

/// A number above every sequence.
constexpr std::uint64_t no_sequence = std::numeric_limits<std::uint64_t>::max();

money cents(std::int64_t minor_units) {
    return money::from_minor(minor_units);
}

void require_posting(const posting& found, account_number number, std::uint64_t sequence,
                     std::int64_t balance_minor) {
    REQUIRE(found.account == number);
    REQUIRE(found.sequence == sequence);
    REQUIRE(found.balance.minor() == balance_minor);
}

/// A ledger with accounts 1, of 100 cents, and 2, of 50.
struct two_accounts {
    two_accounts() {
        REQUIRE(ledger.open(1, cents(100)));
        REQUIRE(ledger.open(2, cents(50)));
    }
    [[nodiscard]] std::uint64_t sequence_of(account_number number) const {
        return ledger.balance(number).posting.sequence;
    }

    coffer::ledger ledger;
};

// What makes operations on account 1 leave their common path: nothing, a hold, and a cut.
enum class way { common, with_hold, after_cut };

void take(way one, two_accounts& it) {
    if (one == way::with_hold)
        REQUIRE(it.ledger.place_hold(1, cents(1)));
    if (one == way::after_cut)
        static_cast<void>(it.ledger.cut([](const posting&) {}));
}

}  // namespace

TEST_CASE("condition: is one sequence, or none at all", "[core]") {
    REQUIRE(if_sequence{}.is_any());
    REQUIRE(if_sequence{}.allows(7));
    REQUIRE_FALSE(if_sequence{7}.is_any());
    REQUIRE(if_sequence{7}.allows(7));
    REQUIRE_FALSE(if_sequence{7}.allows(6));
    REQUIRE_FALSE(if_sequence{7}.allows(8));
    REQUIRE_FALSE(if_sequence{0}.allows(1));
    REQUIRE_FALSE(if_sequence{no_sequence}.is_any());
    REQUIRE_FALSE(if_sequence{no_sequence}.allows(1));
}

TEST_CASE("condition: deposit and withdraw post after the posting they expect, and only then",
          "[core]") {
    for (const way one : {way::common, way::with_hold, way::after_cut}) {
        two_accounts it;
        take(one, it);
        const std::uint64_t last = it.sequence_of(1);
        const auto deposited = it.ledger.deposit(1, cents(20), if_sequence{last});
        REQUIRE(deposited);
        require_posting(deposited.posting, 1, last + 1, 120);
        for (const std::uint64_t expected : {std::uint64_t{0}, last, last + 2, no_sequence}) {
            const auto late = it.ledger.deposit(1, cents(20), if_sequence{expected});
            REQUIRE(late.error == errc::sequence_mismatch);
            require_posting(late.posting, 1, last + 1, 120);
            const auto short_of_funds = it.ledger.withdraw(1, cents(999), if_sequence{expected});
            REQUIRE(short_of_funds.error == errc::sequence_mismatch);
            require_posting(short_of_funds.posting, 1, last + 1, 120);
        }
        const auto withdrawn = it.ledger.withdraw(1, cents(20), if_sequence{last + 1});
        REQUIRE(withdrawn);
        require_posting(withdrawn.posting, 1, last + 2, 100);
        REQUIRE(it.ledger.withdraw(1, cents(999), if_sequence{last + 2}).error ==
                errc::insufficient_funds);
        require_posting(it.ledger.deposit(1, cents(1), if_sequence{}).posting, 1, last + 3, 101);
    }
}

TEST_CASE("condition: comes after what is wrong without an account, and before all else",
          "[core]") {
    two_accounts it;
    REQUIRE(it.ledger.open(3));
    REQUIRE(it.ledger.close(3));
    REQUIRE(it.ledger.restore({4, account::max_sequence, cents(most)}));
    const if_sequence wrong{9};
    REQUIRE(it.ledger.deposit(1, cents(0), wrong).error == errc::invalid_amount);
    REQUIRE(it.ledger.deposit(7, cents(1), wrong).error == errc::no_such_account);
    REQUIRE(it.ledger.deposit(3, cents(1), wrong).error == errc::sequence_mismatch);
    REQUIRE(it.ledger.deposit(3, cents(1), if_sequence{2}).error == errc::account_closed);
    REQUIRE(it.ledger.deposit(4, cents(1), wrong).error == errc::sequence_mismatch);
    REQUIRE(it.ledger.transfer(1, 1, cents(1), wrong).error == errc::same_account);
    REQUIRE(it.ledger.transfer(1, 2, cents(0), wrong).error == errc::invalid_amount);
    REQUIRE(it.ledger.transfer(1, 7, cents(1), wrong).error == errc::no_such_account);
    REQUIRE(it.ledger.transfer(7, 1, cents(1), wrong).error == errc::no_such_account);
    REQUIRE(it.ledger.transfer(1, 3, cents(999), wrong).error == errc::sequence_mismatch);
    REQUIRE(it.ledger.close(7, wrong).error == errc::no_such_account);
    REQUIRE(it.ledger.close(1, wrong).error == errc::sequence_mismatch);
    REQUIRE(it.ledger.close(1, if_sequence{1}).error == errc::account_not_empty);
    REQUIRE(it.ledger.close(3, wrong).error == errc::sequence_mismatch);
    REQUIRE(it.ledger.reopen(1, wrong).error == errc::sequence_mismatch);
    REQUIRE(it.ledger.place_hold(1, cents(0), 0, wrong).error == errc::invalid_amount);
    REQUIRE(it.ledger.place_hold(7, cents(1), 0, wrong).error == errc::no_such_account);
    REQUIRE(it.ledger.place_hold(1, cents(999), 0, wrong).error == errc::sequence_mismatch);
    REQUIRE(it.ledger.place_hold(3, cents(1), 0, wrong).error == errc::sequence_mismatch);
    REQUIRE(it.ledger.capture(7, {}, {}, wrong).error == errc::no_such_account);
    REQUIRE(it.ledger.capture(1, {}, {.payee = 7}, wrong).error == errc::no_such_account);
    REQUIRE(it.ledger.capture(1, {}, {}, wrong).error == errc::sequence_mismatch);
    REQUIRE(it.ledger.capture(1, {}, {}, if_sequence{1}).error == errc::no_such_hold);
    REQUIRE(it.ledger.release(1, {}, hold_status::released, wrong).error ==
            errc::sequence_mismatch);
    REQUIRE(it.ledger.holds() == 0);
    require_posting(it.ledger.balance(1).posting, 1, 1, 100);
}

TEST_CASE("condition: a transfer's is the payer's, and its refusal has both accounts", "[core]") {
    for (const way one : {way::common, way::with_hold, way::after_cut}) {
        two_accounts it;
        take(one, it);
        const std::uint64_t last = it.sequence_of(1);
        const auto there = it.ledger.transfer(1, 2, cents(30), if_sequence{last});
        REQUIRE(there);
        require_posting(there.from, 1, last + 1, 70);
        require_posting(there.to, 2, 2, 80);
        const auto late = it.ledger.transfer(1, 2, cents(30), if_sequence{last});
        REQUIRE(late.error == errc::sequence_mismatch);
        REQUIRE(late.culprit == 1);
        require_posting(late.from, 1, last + 1, 70);
        require_posting(late.to, 2, 2, 80);
        // The payer has the higher number here, and so is reserved as the second.
        REQUIRE(it.ledger.transfer(2, 1, cents(1), if_sequence{last + 7}).error ==
                errc::sequence_mismatch);
        const auto back = it.ledger.transfer(2, 1, cents(30), if_sequence{2});
        REQUIRE(back);
        require_posting(back.from, 2, 3, 50);
        REQUIRE(it.ledger.transfer(1, 2, cents(1), if_sequence{}));
    }
}

TEST_CASE("condition: of an account's closing and reopening", "[core]") {
    ledger ledger;
    REQUIRE(ledger.open(1));
    const auto early = ledger.close(1, if_sequence{2});
    REQUIRE(early.error == errc::sequence_mismatch);
    require_posting(early.account, 1, 1, 0);
    REQUIRE(early.account.status == account_status::open);
    REQUIRE(ledger.close(1, if_sequence{1}));
    REQUIRE(ledger.reopen(1, if_sequence{1}).error == errc::sequence_mismatch);
    const auto reopened = ledger.reopen(1, if_sequence{2});
    REQUIRE(reopened);
    REQUIRE(reopened.account.sequence == 3);
}

TEST_CASE("condition: of placing, capturing and releasing a hold", "[core]") {
    two_accounts it;
    const auto early = it.ledger.place_hold(1, cents(40), 0, if_sequence{2});
    REQUIRE(early.error == errc::sequence_mismatch);
    require_posting(early.posting, 1, 1, 100);
    REQUIRE(it.ledger.holds() == 0);
    const auto placed = it.ledger.place_hold(1, cents(40), 7, if_sequence{1});
    REQUIRE(placed);
    REQUIRE(placed.posting.sequence == 2);
    REQUIRE(placed.hold.expires_at_ns == 7);
    const hold_id id = placed.hold.id;

    const auto late = it.ledger.capture(1, id, {.amount = cents(10)}, if_sequence{1});
    REQUIRE(late.error == errc::sequence_mismatch);
    REQUIRE(late.hold.remaining == cents(40));
    REQUIRE(late.culprit == 1);
    const auto captured = it.ledger.capture(1, id, {.amount = cents(10)}, if_sequence{2});
    REQUIRE(captured);
    require_posting(captured.posting, 1, 3, 90);
    REQUIRE(it.ledger.capture(1, id, {.amount = cents(10), .payee = 2}, if_sequence{2}).error ==
            errc::sequence_mismatch);
    const auto paid = it.ledger.capture(1, id, {.amount = cents(10), .payee = 2}, if_sequence{3});
    REQUIRE(paid);
    require_posting(paid.payee, 2, 2, 60);
    REQUIRE(it.ledger.release(1, id, hold_status::released, if_sequence{3}).error ==
            errc::sequence_mismatch);
    const auto released = it.ledger.release(1, id, hold_status::released, if_sequence{4});
    REQUIRE(released);
    require_posting(released.posting, 1, 5, 80);
    REQUIRE(released.posting.held == money{});
}

TEST_CASE("condition: of all threads that expect the same posting, exactly one posts", "[core]") {
    constexpr std::uint64_t rounds = 3'000;
    ledger ledger;
    for (account_number number = 1; number != 4; ++number)
        REQUIRE(ledger.open(number, cents(1'000'000)));
    std::atomic<int> wrong{0};
    std::array<std::vector<std::uint64_t>, 4> won;
    in_threads(won.size(), [&](std::size_t thread) {
        for (std::uint64_t expected = 1; expected <= rounds; ++expected) {
            const if_sequence condition{expected};
            errc error{};
            posting last{};
            if ((thread + expected) % 4 == 0) {
                const auto moved = ledger.transfer(2, 1 + 2 * (expected % 2), cents(1), condition);
                error = moved.error;
                last = moved.from;
            } else if ((thread + expected) % 4 == 1) {
                const auto placed = ledger.place_hold(2, cents(1), 0, condition);
                error = placed.error;
                last = placed.posting;
            } else {
                const auto posted = (thread + expected) % 4 == 2
                                        ? ledger.deposit(2, cents(1), condition)
                                        : ledger.withdraw(2, cents(1), condition);
                error = posted.error;
                last = posted.posting;
            }
            if (error == errc::ok)
                won[thread].push_back(expected);
            wrong += error != errc::ok && error != errc::sequence_mismatch;
            // Each thread goes on only after the posting was made, by itself or by another.
            wrong += last.sequence <= expected;
        }
    });
    REQUIRE(wrong == 0);
    std::vector<int> winners(rounds + 1);
    for (const auto& each : won)
        for (const std::uint64_t expected : each)
            ++winners[expected];
    for (std::uint64_t expected = 1; expected <= rounds; ++expected)
        REQUIRE(winners[expected] == 1);
    REQUIRE(ledger.balance(2).posting.sequence == rounds + 1);
    const auto total = ledger.cut([](const posting&) {}).total_minor;
    std::int64_t gained = 0;
    for (std::size_t thread = 0; thread != won.size(); ++thread)
        for (const std::uint64_t expected : won[thread]) {
            const std::uint64_t kind = (thread + expected) % 4;
            gained += kind == 2 ? 1 : kind == 3 ? -1 : 0;
        }
    REQUIRE(static_cast<std::int64_t>(total) == 3'000'000 + gained);
}

TEST_CASE("condition: of a hold's capture and release that expect the same, one is made",
          "[core]") {
    constexpr std::uint64_t rounds = 1'000;
    ledger ledger;
    REQUIRE(ledger.open(1, cents(100'000)));
    REQUIRE(ledger.open(2));
    std::atomic<int> wrong{0};
    std::atomic<std::uint64_t> made{0};
    const hold_id id = ledger.place_hold(1, cents(50'000)).hold.id;
    in_threads(3, [&](std::size_t thread) {
        for (std::uint64_t expected = 2; expected != rounds + 2; ++expected) {
            const if_sequence condition{expected};
            const auto done =
                thread == 0   ? ledger.capture(1, id, {.amount = cents(1)}, condition)
                : thread == 1 ? ledger.capture(1, id, {.amount = cents(1), .payee = 2}, condition)
                              : ledger.place_hold(1, cents(1), 0, condition);
            made += done ? 1U : 0U;
            wrong += !done && done.error != errc::sequence_mismatch;
            wrong += done.posting.sequence <= expected;
        }
    });
    REQUIRE(wrong == 0);
    REQUIRE(made == rounds);
    REQUIRE(ledger.balance(1).posting.sequence == rounds + 2);
}
