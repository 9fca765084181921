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

constexpr std::array<funds, 2> opening{{{1000}, {1000}}};

}  // namespace

TEST_CASE("audit_shared: is exact if the balances changed by what was acknowledged", "[load]") {
    const std::array<funds, 2> closing{{{1500}, {800}}};
    const audit_result found = audit_shared(two_postings(), opening, closing);
    CHECK(found.exact());
    CHECK(found.change == funds{300});
    CHECK(found.off_by() == funds{});
}

TEST_CASE("audit_shared: says which accounts are off, also where they add up", "[load]") {
    const std::array<funds, 2> closing{{{1501}, {799}}};
    const audit_result found = audit_shared(two_postings(), opening, closing);
    CHECK_FALSE(found.exact());
    CHECK(found.off_by() == funds{});
    REQUIRE(found.deviations.size() == 2);
    CHECK(found.deviations[0].by == funds{1});
    CHECK(found.deviations[1].by == funds{-1});
}

TEST_CASE("audit_shared: lets a posting in doubt happen or not, on its own account", "[load]") {
    tally counted = two_postings();
    counted.doubts = {{{0, {70}}}, {{0, {-30}}}};
    const std::int64_t off = GENERATE(0, 70, -30, 40);
    const std::array<funds, 2> closing{{{1500 + off}, {800}}};
    CHECK(audit_shared(counted, opening, closing).exact());
    CHECK(audit_shared(counted, opening, closing).happened == funds{off});

    const std::array<funds, 2> on_another{{{1500}, {870}}};
    CHECK_FALSE(audit_shared(counted, opening, on_another).exact());
    const std::array<funds, 2> twice{{{1500 + 140}, {800}}};
    CHECK_FALSE(audit_shared(counted, opening, twice).exact());
}

TEST_CASE("audit_shared: knows what is captured, moved, and held", "[load]") {
    tally counted{second, 2};
    const placed_hold placed{0, "1-2", 300};
    counted.replied(posting(operation::hold, 0, 300), verdict::done, 1);
    counted.replied(posting(operation::hold, 1, 50), verdict::done, 2);
    request capture = posting(operation::capture, 0, 200);
    capture.hold = placed;
    counted.replied(capture, verdict::done, 3);
    request transfer = posting(operation::transfer, 0, 10);
    transfer.payments = {{1, 10}};
    counted.replied(transfer, verdict::done, 4);

    const std::array<funds, 2> closing{{{790}, {1010, 50}}};
    const audit_result found = audit_shared(counted, opening, closing);
    CHECK(found.exact());
    CHECK(found.captures_minor == 200);
    CHECK(found.change == funds{-200, 50});
    CHECK(found.off_by() == funds{});

    const std::array<funds, 2> still_held{{{790, 300}, {1010, 50}}};
    const audit_result wrong = audit_shared(counted, opening, still_held);
    CHECK_FALSE(wrong.exact());
    CHECK(wrong.off_by() == funds{0, 300});
    REQUIRE(wrong.deviations.size() == 1);
    CHECK(wrong.deviations[0].by == funds{0, 300});
}

TEST_CASE("audit_shared: lets a transfer in doubt happen or not, but not on one account alone",
          "[load]") {
    tally counted{second, 2};
    counted.doubts = {{{0, {-70}}, {1, {70}}}};
    CHECK(audit_shared(counted, opening, opening).exact());
    CHECK(audit_shared(counted, opening, std::array<funds, 2>{{{930}, {1070}}}).exact());

    const audit_result torn = audit_shared(counted, opening, std::array<funds, 2>{{{930}, {1000}}});
    CHECK(torn.is_torn);
    CHECK_FALSE(torn.exact());
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

    const std::array<funds, 2> second_alone{{{1000}, {970}}};
    CHECK_FALSE(audit_own(counted, all, opening, second_alone).exact());

    const std::array<funds, 2> first_alone{{{1070}, {1000}}};
    const audit_result found = audit_own(counted, all, opening, first_alone);
    CHECK(found.exact());
    CHECK(found.doubted == 2);
    CHECK(found.happened == funds{70});
    CHECK(found.off_by() == funds{});
}

TEST_CASE("audit_own: reports a posting by somebody else once, by how much it is", "[load]") {
    expected_balances expected{0, opening};
    tally counted{second, 2};
    const request deposit = posting(operation::deposit, 0, 10);
    CHECK_FALSE(expected.answered(deposit, {verdict::done, {1010 + 77}, {}}));
    counted.replied(deposit, verdict::done, 1);
    CHECK(expected.answered(posting(operation::balance, 0, 0), {verdict::done, {1087}, 0}));

    std::array<expected_balances*, 1> all{&expected};
    const std::array<funds, 2> closing{{{1087}, {1000}}};
    const audit_result found = audit_own(counted, all, opening, closing);
    CHECK(found.wrong_answers == 1);
    CHECK(found.off_by() == funds{77});
    REQUIRE(found.deviations.size() == 1);
    CHECK(found.deviations[0].by == funds{77});
}
