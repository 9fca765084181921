#include "audit/key_history.hpp"

#include "catch.hpp"
#include "planted_data.hpp"

using coffer::audit::key_history;
using coffer::journal::batch_stamp;
using coffer::test::Contains;
using coffer::test::planted_data;

namespace {

/// Of a batch at this running time, where keys live for 100.
batch_stamp at(std::uint64_t running_ns) {
    return {.running_ns = running_ns, .key_life_ns = 100};
}

}  // namespace

TEST_CASE("key_history: a key is repeated within its life, and not after it", "[audit]") {
    key_history keys;
    CHECK_FALSE(keys.add("a", {}, 1, at(1000)));
    CHECK_FALSE(keys.add("b", {}, 2, at(1000)));
    const auto repeated = keys.add("a", {}, 3, at(1099));
    REQUIRE(repeated);
    CHECK(repeated->earlier_record == 1);
    CHECK(repeated->after_ns == 99);
    CHECK_FALSE(keys.add("b", {}, 4, at(1100)));
    // Its life began again.
    CHECK(keys.add("a", {}, 5, at(1198))->earlier_record == 3);
}

TEST_CASE("key_history: forgets the keys whose life is over", "[audit]") {
    key_history keys;
    for (std::uint64_t i = 0; i != 1000; ++i)
        CHECK_FALSE(keys.add(std::to_string(i), {}, i + 1, at(1000 + i)));
    CHECK(keys.size() == 100);
}

TEST_CASE("key_history: each key has the life of its own batch, and no more than the next use's",
          "[audit]") {
    key_history keys;
    const auto living = [](std::uint64_t running_ns, std::uint64_t life_ns) {
        return batch_stamp{.running_ns = running_ns, .key_life_ns = life_ns};
    };
    CHECK_FALSE(keys.add("made longer", {}, 1, living(1000, 100)));
    CHECK_FALSE(keys.add("made longer", {}, 2, living(1100, 9000)));
    CHECK(keys.add("made longer", {}, 3, living(1200, 9000)));
    CHECK_FALSE(keys.add("made shorter", {}, 4, living(1200, 9000)));
    CHECK_FALSE(keys.add("made shorter", {}, 5, living(1300, 100)));
    CHECK(keys.add("made shorter", {}, 6, living(1399, 100)));
}

TEST_CASE("key_history: the same text by another name is another key", "[audit]") {
    key_history keys;
    CHECK_FALSE(keys.add("a", "ann", 1, at(1000)));
    CHECK_FALSE(keys.add("a", "bob", 2, at(1001)));
    CHECK_FALSE(keys.add("a", "", 3, at(1002)));
    CHECK(keys.add("a", "bob", 4, at(1003))->earlier_record == 2);
    CHECK(keys.add("a", "", 5, at(1004))->earlier_record == 3);
    CHECK(keys.size() == 3);
}

TEST_CASE("key_history: a record with a name repeats a key without one, and not the other way",
          "[audit]") {
    key_history keys;
    CHECK_FALSE(keys.add("old", "", 1, at(1000)));
    CHECK(keys.add("old", "ann", 2, at(1099))->earlier_record == 1);
    CHECK(keys.add("old", "bob", 3, at(1099))->earlier_record == 1);
    CHECK_FALSE(keys.add("older", "", 4, at(1000)));
    CHECK_FALSE(keys.add("older", "ann", 5, at(1100)));
    CHECK_FALSE(keys.add("new", "ann", 6, at(1100)));
    CHECK_FALSE(keys.add("new", "", 7, at(1101)));
}

TEST_CASE("key_history: says nothing where it is not on record how long keys live", "[audit]") {
    key_history keys;
    CHECK_FALSE(keys.add("a", {}, 1, {.running_ns = 5}));
    CHECK_FALSE(keys.add("a", {}, 2, {.running_ns = 5}));
    CHECK(keys.size() == 0);
}

TEST_CASE("audit: a key that was posted twice within its life is a fault", "[audit]") {
    planted_data data;
    data.open(7, 1'00);
    data.commit({.time_ns = 1, .running_ns = 1});
    data.deposit(7, 5, "once");
    data.deposit(7, 5, "again");
    data.commit({.time_ns = 2, .running_ns = 2, .key_life_ns = 3'000'000'000});
    data.deposit(7, 5, "again");
    SECTION("within it") {
        data.commit({.time_ns = 3, .running_ns = 2'500'000'002, .key_life_ns = 3'000'000'000});
        const auto found = data.examine();
        REQUIRE(found.faults.count() == 1);
        CHECK(found.faults.kept()[0].account == 7);
        CHECK_THAT(found.faults.kept()[0].what,
                   Contains("record 4: key 'again' posted twice: record 3 has it too, 2.500 s"));
    }
    SECTION("after it, whatever record time says") {
        data.commit({.time_ns = 3, .running_ns = 3'000'000'002, .key_life_ns = 3'000'000'000});
        CHECK(data.examine().holds());
    }
}
