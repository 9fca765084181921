#include "engine/key_horizon.hpp"

#include <optional>

#include "catch.hpp"

using coffer::key_horizon;
using living = coffer::key_store::living_keys;
using namespace std::chrono_literals;

TEST_CASE("key_horizon: where no key lives, it is after what is durable", "[engine]") {
    key_horizon horizon{7, 10s};
    CHECK(horizon.keys_from(6, {100, std::nullopt}) == 7);
    CHECK(horizon.keys_from(20, {200, std::nullopt}) == 21);
    CHECK(horizon.keys_from(20, {300, std::nullopt}) == 21);
}

TEST_CASE("key_horizon: keys from before the start are not before the record of the start",
          "[engine]") {
    key_horizon horizon{7, 10s};
    CHECK(horizon.keys_from(20, {100, 50}) == 7);
    CHECK(horizon.keys_from(30, {200, 50}) == 7);
    CHECK(horizon.keys_from(30, {200, 0}) == 7);
}

TEST_CASE("key_horizon: a key is after what was durable at the last moment before it", "[engine]") {
    key_horizon horizon{1, 0s};
    CHECK(horizon.keys_from(20, {100, 50}) == 1);
    CHECK(horizon.keys_from(30, {200, 50}) == 1);
    CHECK(horizon.keys_from(40, {300, 150}) == 21);
    CHECK(horizon.keys_from(50, {400, 201}) == 31);
    // Asked for after the newest moment, and before anybody looked.
    CHECK(horizon.keys_from(60, {500, 501}) == 61);
}

TEST_CASE("key_horizon: a key of a moment's own time may be before it", "[engine]") {
    key_horizon horizon{1, 0s};
    CHECK(horizon.keys_from(20, {100, 100}) == 1);
    CHECK(horizon.keys_from(30, {200, 100}) == 1);
    CHECK(horizon.keys_from(30, {200, 101}) == 21);
}

TEST_CASE("key_horizon: one that came in late, with an earlier time, takes nothing back",
          "[engine]") {
    key_horizon horizon{1, 0s};
    CHECK(horizon.keys_from(20, {100, 50}) == 1);
    CHECK(horizon.keys_from(30, {200, 150}) == 21);
    CHECK(horizon.keys_from(40, {300, 60}) == 21);
}

TEST_CASE("key_horizon: remembers no more than it needs to be right within a little", "[engine]") {
    constexpr std::uint64_t ttl_ns = 1'000'000;
    key_horizon horizon{1, std::chrono::nanoseconds{ttl_ns}};
    std::size_t most = 0;
    std::uint64_t worst = 0;
    // A snapshot every 10 ns, a record a ns, and a key as old as a key may be.
    for (std::uint64_t now = 10; now <= 10 * ttl_ns; now += 10) {
        const std::uint64_t oldest = now <= ttl_ns ? 5 : now - ttl_ns + 1;
        const std::uint64_t from = horizon.keys_from(now, {now, oldest});
        REQUIRE(from <= oldest);
        if (now > 2 * ttl_ns)
            worst = std::max(worst, oldest - from);
        most = std::max(most, horizon.moments());
    }
    CHECK(most <= 1003);
    CHECK(worst <= 2 * ttl_ns / 1000);
}
