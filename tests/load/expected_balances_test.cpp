#include "load/expected_balances.hpp"

#include <array>
#include <utility>

#include "catch.hpp"

using namespace coffer::load;

namespace {

using pair = std::pair<std::int64_t, std::int64_t>;

constexpr std::array<funds, 2> opening{{{1000}, {100}}};

request deposit(std::size_t account, std::int64_t amount_minor) {
    return {.what = operation::deposit, .account = account, .amount_minor = amount_minor};
}
request withdraw(std::size_t account, std::int64_t amount_minor) {
    return {.what = operation::withdraw, .account = account, .amount_minor = amount_minor};
}
request transfer(std::size_t from, std::size_t to, std::int64_t amount_minor) {
    request made{.what = operation::transfer, .account = from, .amount_minor = amount_minor};
    made.payments = {{to, amount_minor}};
    return made;
}
request hold(std::size_t account, std::int64_t amount_minor) {
    return {.what = operation::hold, .account = account, .amount_minor = amount_minor};
}
request capture(std::size_t account, std::int64_t amount_minor, std::int64_t of_minor) {
    request made{.what = operation::capture, .account = account, .amount_minor = amount_minor};
    made.hold = {account, "1-1", of_minor};
    return made;
}
request release(std::size_t account, std::int64_t amount_minor) {
    request made = capture(account, 0, amount_minor);
    made.what = operation::release;
    return made;
}
request balance(std::size_t account) {
    return {.what = operation::balance, .account = account};
}
answer done(std::int64_t balance_minor) {
    return {verdict::done, {balance_minor}, {}};
}

}  // namespace

TEST_CASE("expected_balances: follows the postings of each reply", "[load]") {
    expected_balances expected{5, opening};
    CHECK(expected.answered(deposit(5, 10), done(1010)));
    CHECK(expected.answered(withdraw(6, 100), done(0)));
    CHECK(expected.answered(withdraw(6, 1), {verdict::insufficient_funds, {}, {}}));
    CHECK(expected.answered(deposit(6, 1), {verdict::refused, {}, {}}));
    CHECK(expected.answered(balance(5), done(1010)));
    CHECK(expected.of(6) == funds{});
    CHECK(expected.wrong_answers() == 0);
}

TEST_CASE("expected_balances: follows what is held, and what is paid to other accounts", "[load]") {
    expected_balances expected{0, opening};
    CHECK(expected.answered(hold(0, 600), {verdict::done, {1000}, 600}));
    CHECK(expected.answered(withdraw(0, 401), {verdict::insufficient_funds, {}, {}}));
    CHECK(expected.answered(hold(0, 401), {verdict::insufficient_funds, {}, {}}));
    CHECK(expected.answered(transfer(0, 1, 400), {verdict::done, {600, 500}, {}}));
    CHECK(expected.answered(capture(0, 250, 600), {verdict::done, {350}, 0}));
    CHECK(expected.answered(hold(1, 100), {verdict::done, {500}, 100}));
    CHECK(expected.answered(balance(1), {verdict::done, {500}, 100}));
    CHECK(expected.answered(release(1, 100), {verdict::done, {500}, 0}));
    CHECK(expected.of(0) == funds{350});
    CHECK(expected.of(1) == funds{500});
    CHECK(expected.wrong_answers() == 0);
}

TEST_CASE("expected_balances: finds a hold that is not held, and money that did not arrive",
          "[load]") {
    expected_balances expected{0, opening};
    SECTION("held too little") {
        CHECK_FALSE(expected.answered(hold(0, 600), {verdict::done, {1000}, 599}));
        CHECK(expected.unexplained(0) == funds{0, -1});
    }
    SECTION("a balance without it") {
        CHECK(expected.answered(hold(0, 600), {verdict::done, {1000}, 600}));
        CHECK_FALSE(expected.answered(balance(0), {verdict::done, {1000}, 0}));
    }
    SECTION("overdrawn beside it") {
        CHECK(expected.answered(hold(0, 600), {verdict::done, {1000}, 600}));
        CHECK_FALSE(expected.answered(withdraw(0, 401), done(599)));
    }
    SECTION("the payee got nothing") {
        CHECK_FALSE(expected.answered(transfer(0, 1, 400), {verdict::done, {600, 100}, {}}));
        CHECK(expected.unexplained(1) == funds{-400});
    }
    SECTION("one of two balances") {
        CHECK_FALSE(expected.answered(transfer(0, 1, 400), done(600)));
    }
    CHECK(expected.wrong_answers() == 1);
}

TEST_CASE("expected_balances: resolves holds and transfers in doubt as whole ones", "[load]") {
    expected_balances expected{0, opening};
    const std::array run{hold(0, 900), transfer(0, 1, 200), transfer(1, 0, 60)};
    expected.lost(run);
    CHECK(expected.accounts_in_doubt() == std::vector<std::size_t>{0, 1});
    SECTION("nothing happened") {
        CHECK(expected.resolve(std::array<observed_funds, 2>{{{0, {1000}}, {1, {100}}}}));
    }
    SECTION("all but the transfer that the hold leaves no money for") {
        CHECK(expected.resolve(std::array<observed_funds, 2>{{{0, {1060, 900}}, {1, {40}}}}));
        CHECK(expected.happened() == funds{0, 900});
    }
    SECTION("half of a transfer") {
        CHECK_FALSE(
            expected.resolve(std::array<observed_funds, 2>{{{0, {1060, 900}}, {1, {100}}}}));
    }
}

TEST_CASE("expected_balances: finds a posting that was lost, doubled, or refused for no reason",
          "[load]") {
    expected_balances expected{0, opening};
    CHECK(expected.answered(deposit(0, 10), done(1010)));
    SECTION("lost") {
        CHECK_FALSE(expected.answered(balance(0), done(1000)));
    }
    SECTION("doubled") {
        CHECK_FALSE(expected.answered(balance(0), done(1020)));
    }
    SECTION("refused") {
        CHECK_FALSE(expected.answered(withdraw(0, 9), {verdict::insufficient_funds, {}, {}}));
    }
    SECTION("overdrawn") {
        CHECK_FALSE(expected.answered(withdraw(1, 101), done(-1)));
    }
    SECTION("without a balance") {
        CHECK_FALSE(expected.answered(balance(0), {verdict::done, {}, {}}));
    }
    CHECK(expected.wrong_answers() == 1);
}

TEST_CASE("expected_balances: continues from a wrong balance", "[load]") {
    expected_balances expected{0, opening};
    CHECK_FALSE(expected.answered(balance(0), done(1007)));
    CHECK(expected.answered(deposit(0, 1), done(1008)));
    CHECK(expected.unexplained(0) == funds{7});
}

TEST_CASE("expected_balances: resolves a run in doubt by any prefix of it, and nothing else",
          "[load]") {
    expected_balances expected{0, opening};
    const std::array run{deposit(0, 10), balance(0), withdraw(1, 30), deposit(0, 5)};
    expected.lost(run);
    CHECK(expected.in_doubt());
    CHECK(expected.postings_in_doubt() == 3);
    CHECK(expected.accounts_in_doubt() == std::vector<std::size_t>{0, 1});

    const std::array<pair, 4> prefixes{{{1000, 100}, {1010, 100}, {1010, 70}, {1015, 70}}};
    const auto [first, second] = GENERATE_COPY(from_range(prefixes));
    const std::array<observed_funds, 2> seen{{{0, {first}}, {1, {second}}}};
    CHECK(expected.resolve(seen));
    CHECK_FALSE(expected.in_doubt());
    CHECK(expected.answered(balance(0), done(first)));
    CHECK(expected.happened() == funds{first + second - 1100});
}

TEST_CASE("expected_balances: does not resolve a run by what is no prefix", "[load]") {
    expected_balances expected{0, opening};
    const std::array run{deposit(0, 10), withdraw(1, 30), deposit(0, 5)};
    expected.lost(run);
    const std::array<pair, 4> wrong{{{1000, 70}, {1005, 100}, {1020, 70}, {1015, 100}}};
    const auto [first, second] = GENERATE_COPY(from_range(wrong));
    const std::array<observed_funds, 2> seen{{{0, {first}}, {1, {second}}}};
    CHECK_FALSE(expected.resolve(seen));
    CHECK(expected.in_doubt());
    CHECK(expected.of(0) == funds{1000});
    CHECK(expected.of(1) == funds{100});
    expected.accept(seen);
    CHECK_FALSE(expected.in_doubt());
    CHECK(expected.unexplained(0) + expected.unexplained(1) == funds{first + second - 1100});
}

TEST_CASE("expected_balances: allows that a withdrawal in doubt was refused", "[load]") {
    expected_balances expected{0, opening};
    const std::array run{withdraw(1, 80), withdraw(1, 50), deposit(1, 7)};
    expected.lost(run);
    const std::array<observed_funds, 1> seen{{{1, {27}}}};
    CHECK(expected.resolve(seen));
}

TEST_CASE("expected_balances: allows that a request in doubt is handled late", "[load]") {
    expected_balances expected{0, opening};
    const std::array run{deposit(0, 10), deposit(0, 3)};
    expected.lost(run);
    const std::array<observed_funds, 1> nothing_yet{{{0, {1000}}}};
    REQUIRE(expected.resolve(nothing_yet));
    CHECK(expected.answered(deposit(0, 100), done(1110)));
    CHECK(expected.answered(deposit(0, 100), done(1213)));
    CHECK(expected.happened_count() == 2);

    // Once, and no more.
    CHECK_FALSE(expected.answered(balance(0), done(1223)));
}

TEST_CASE("expected_balances: allows that two runs are handled late", "[load]") {
    expected_balances expected{0, opening};
    const std::array<observed_funds, 1> nothing_yet{{{0, {1000}}}};
    expected.lost(std::array{deposit(0, 10)});
    REQUIRE(expected.resolve(nothing_yet));
    expected.lost(std::array{deposit(0, 200), deposit(0, 1)});
    const std::array<observed_funds, 1> both{{{0, {1210}}}};
    CHECK(expected.resolve(both));
}
