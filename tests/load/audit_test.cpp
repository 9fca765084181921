#include "load/audit.hpp"

#include <array>

#include "catch.hpp"

using namespace coffer::load;

namespace {

constexpr window second{0, 1'000'000'000};

request posting(operation what, std::size_t account, std::int64_t amount_minor) {
    return {.what = what, .account = account, .amount_minor = amount_minor};
}

tally two_postings() {
    tally counted{second, 2};
    counted.replied(posting(operation::deposit, 0, 500), verdict::done, 1);
    counted.replied(posting(operation::withdraw, 1, 200), verdict::done, 2);
    counted.replied(posting(operation::withdraw, 1, 900), verdict::insufficient_funds, 3);
    counted.replied(posting(operation::deposit, 1, 900), verdict::refused, 4);
    return counted;
}

constexpr std::array<std::int64_t, 2> opening{1000, 1000};

}  // namespace

TEST_CASE("audit_shared: is exact if the balances changed by what was acknowledged", "[load]") {
    const std::array<std::int64_t, 2> closing{1500, 800};
    const audit_result found = audit_shared(two_postings(), opening, closing);
    CHECK(found.exact());
    CHECK(found.change_minor == 300);
    CHECK(found.off_by_minor() == 0);
}

TEST_CASE("audit_shared: says which accounts are off, also where they add up", "[load]") {
    const std::array<std::int64_t, 2> closing{1501, 799};
    const audit_result found = audit_shared(two_postings(), opening, closing);
    CHECK_FALSE(found.exact());
    CHECK(found.off_by_minor() == 0);
    REQUIRE(found.deviations.size() == 2);
    CHECK(found.deviations[0].by_minor == 1);
    CHECK(found.deviations[1].by_minor == -1);
}

TEST_CASE("audit_shared: lets a posting in doubt happen or not, on its own account", "[load]") {
    tally counted = two_postings();
    counted.doubts = {{0, 70}, {0, -30}};
    const std::int64_t off = GENERATE(0, 70, -30, 40);
    const std::array<std::int64_t, 2> closing{1500 + off, 800};
    CHECK(audit_shared(counted, opening, closing).exact());
    CHECK(audit_shared(counted, opening, closing).happened_minor == off);

    const std::array<std::int64_t, 2> on_another{1500, 870};
    CHECK_FALSE(audit_shared(counted, opening, on_another).exact());
    const std::array<std::int64_t, 2> twice{1500 + 140, 800};
    CHECK_FALSE(audit_shared(counted, opening, twice).exact());
}

TEST_CASE("can_add_up: says maybe where there are too many sums to try them all", "[load]") {
    std::vector<std::int64_t> parts;
    for (std::int64_t i = 0; i != 30; ++i)
        parts.push_back(std::int64_t{1} << i);
    CHECK(can_add_up(parts, 12345) == reach::maybe);
    CHECK(can_add_up(parts, -1) == reach::no);
}

TEST_CASE("audit_own: decides what is in doubt and reports what is left", "[load]") {
    expected_balances expected{0, opening};
    tally counted{second, 2};
    const std::array lost{posting(operation::deposit, 0, 70), posting(operation::withdraw, 1, 30)};
    expected.lost(lost);
    std::array<expected_balances*, 1> all{&expected};

    const std::array<std::int64_t, 2> second_alone{1000, 970};
    CHECK_FALSE(audit_own(counted, all, opening, second_alone).exact());

    const std::array<std::int64_t, 2> first_alone{1070, 1000};
    const audit_result found = audit_own(counted, all, opening, first_alone);
    CHECK(found.exact());
    CHECK(found.doubted == 2);
    CHECK(found.happened_minor == 70);
    CHECK(found.off_by_minor() == 0);
}

TEST_CASE("audit_own: reports a posting by somebody else once, by how much it is", "[load]") {
    expected_balances expected{0, opening};
    tally counted{second, 2};
    const request deposit = posting(operation::deposit, 0, 10);
    CHECK_FALSE(expected.answered(deposit, {verdict::done, 1010 + 77}));
    counted.replied(deposit, verdict::done, 1);
    CHECK(expected.answered(posting(operation::balance, 0, 0), {verdict::done, 1087}));

    std::array<expected_balances*, 1> all{&expected};
    const std::array<std::int64_t, 2> closing{1087, 1000};
    const audit_result found = audit_own(counted, all, opening, closing);
    CHECK(found.wrong_answers == 1);
    CHECK(found.off_by_minor() == 77);
    REQUIRE(found.deviations.size() == 1);
    CHECK(found.deviations[0].by_minor == 77);
}
