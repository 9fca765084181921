#include "load/own_books.hpp"

#include <array>
#include <utility>

#include "catch.hpp"

using namespace coffer::load;

namespace {

using pair = std::pair<std::int64_t, std::int64_t>;

constexpr std::array<std::int64_t, 2> opening{1000, 100};

request deposit(std::size_t account, std::int64_t amount_minor) {
    return {.what = operation::deposit, .account = account, .amount_minor = amount_minor};
}
request withdraw(std::size_t account, std::int64_t amount_minor) {
    return {.what = operation::withdraw, .account = account, .amount_minor = amount_minor};
}
request balance(std::size_t account) {
    return {.what = operation::balance, .account = account};
}
answer done(std::int64_t balance_minor) {
    return {verdict::done, balance_minor};
}

}  // namespace

TEST_CASE("own_books: follows the postings it is told of", "[load]") {
    own_books books{5, opening};
    CHECK(books.answered(deposit(5, 10), done(1010)));
    CHECK(books.answered(withdraw(6, 100), done(0)));
    CHECK(books.answered(withdraw(6, 1), {verdict::short_of, {}}));
    CHECK(books.answered(deposit(6, 1), {verdict::refused, {}}));
    CHECK(books.answered(balance(5), done(1010)));
    CHECK(books.balance_minor(6) == 0);
    CHECK(books.wrong_answers() == 0);
}

TEST_CASE("own_books: finds a posting that was lost, doubled, or refused for no reason", "[load]") {
    own_books books{0, opening};
    CHECK(books.answered(deposit(0, 10), done(1010)));
    SECTION("lost") {
        CHECK_FALSE(books.answered(balance(0), done(1000)));
    }
    SECTION("doubled") {
        CHECK_FALSE(books.answered(balance(0), done(1020)));
    }
    SECTION("refused") {
        CHECK_FALSE(books.answered(withdraw(0, 9), {verdict::short_of, {}}));
    }
    SECTION("overdrawn") {
        CHECK_FALSE(books.answered(withdraw(1, 101), done(-1)));
    }
    SECTION("without a balance") {
        CHECK_FALSE(books.answered(balance(0), {verdict::done, {}}));
    }
    CHECK(books.wrong_answers() == 1);
}

TEST_CASE("own_books: goes on from what it was told when that was wrong", "[load]") {
    own_books books{0, opening};
    CHECK_FALSE(books.answered(balance(0), done(1007)));
    CHECK(books.answered(deposit(0, 1), done(1008)));
    CHECK(books.unexplained_minor(0) == 7);
}

TEST_CASE("own_books: settles a run in doubt by any prefix of it, and nothing else", "[load]") {
    own_books books{0, opening};
    const std::array run{deposit(0, 10), balance(0), withdraw(1, 30), deposit(0, 5)};
    books.lost(run);
    CHECK(books.in_doubt());
    CHECK(books.doubted() == 3);
    CHECK(books.doubtful() == std::vector<std::size_t>{0, 1});

    const std::array<pair, 4> prefixes{{{1000, 100}, {1010, 100}, {1010, 70}, {1015, 70}}};
    const auto [first, second] = GENERATE_COPY(from_range(prefixes));
    const std::array<sighting, 2> seen{{{0, first}, {1, second}}};
    CHECK(books.settle(seen));
    CHECK_FALSE(books.in_doubt());
    CHECK(books.answered(balance(0), done(first)));
    CHECK(books.happened_minor() == first + second - 1100);
}

TEST_CASE("own_books: does not settle for what is no prefix", "[load]") {
    own_books books{0, opening};
    const std::array run{deposit(0, 10), withdraw(1, 30), deposit(0, 5)};
    books.lost(run);
    const std::array<pair, 4> wrong{{{1000, 70}, {1005, 100}, {1020, 70}, {1015, 100}}};
    const auto [first, second] = GENERATE_COPY(from_range(wrong));
    const std::array<sighting, 2> seen{{{0, first}, {1, second}}};
    CHECK_FALSE(books.settle(seen));
    CHECK(books.in_doubt());
    CHECK(books.balance_minor(0) == 1000);
    CHECK(books.balance_minor(1) == 100);
    books.accept(seen);
    CHECK_FALSE(books.in_doubt());
    CHECK(books.unexplained_minor(0) + books.unexplained_minor(1) == first + second - 1100);
}

TEST_CASE("own_books: knows that a withdrawal in doubt may have been refused", "[load]") {
    own_books books{0, opening};
    const std::array run{withdraw(1, 80), withdraw(1, 50), deposit(1, 7)};
    books.lost(run);
    const std::array<sighting, 1> seen{{{1, 27}}};
    CHECK(books.settle(seen));
}

TEST_CASE("own_books: understands a request in doubt that is handled late", "[load]") {
    own_books books{0, opening};
    const std::array run{deposit(0, 10), deposit(0, 3)};
    books.lost(run);
    const std::array<sighting, 1> nothing_yet{{{0, 1000}}};
    REQUIRE(books.settle(nothing_yet));
    CHECK(books.answered(deposit(0, 100), done(1110)));
    CHECK(books.answered(deposit(0, 100), done(1213)));
    CHECK(books.happened() == 2);

    // Once, and no more.
    CHECK_FALSE(books.answered(balance(0), done(1223)));
}

TEST_CASE("own_books: understands two runs that are late", "[load]") {
    own_books books{0, opening};
    const std::array<sighting, 1> nothing_yet{{{0, 1000}}};
    books.lost(std::array{deposit(0, 10)});
    REQUIRE(books.settle(nothing_yet));
    books.lost(std::array{deposit(0, 200), deposit(0, 1)});
    const std::array<sighting, 1> both{{{0, 1210}}};
    CHECK(books.settle(both));
}
