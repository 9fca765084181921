#include "engine/ended_holds.hpp"

#include "catch.hpp"

using coffer::ended_holds;

TEST_CASE("ended_holds: the oldest is due when its life is over", "[engine]") {
    ended_holds ended{1000};
    CHECK_FALSE(ended.due(1000, 10));
    ended.add({10001, {5, 0}, 6}, 100);
    ended.add({10002, {7, 1}, 9}, 200);
    CHECK_FALSE(ended.due(109, 10));
    const auto first = ended.due(110, 10);
    REQUIRE(first);
    CHECK(first->account == 10001);
    CHECK(first->id == coffer::hold_id{5, 0});
    CHECK(first->ended_by == 6);
    ended.remove_oldest();
    CHECK_FALSE(ended.due(209, 10));
    CHECK(ended.due(210, 10)->account == 10002);
    CHECK(ended.size() == 1);
}

TEST_CASE("ended_holds: beyond the limit the oldest is due at once", "[engine]") {
    ended_holds ended{2};
    for (coffer::account_number account = 1; account != 4; ++account)
        ended.add({account, {}, 1}, 100);
    CHECK(ended.due(100, 1000)->account == 1);
    ended.remove_oldest();
    CHECK_FALSE(ended.due(100, 1000));
}
