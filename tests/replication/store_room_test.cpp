#include "replication/store_room.hpp"

#include <chrono>

#include "catch.hpp"
#include "replication/small_store.hpp"

namespace coffer::replication {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

struct measured {
    small_store store;
    store_room room{store, {}};
    std::chrono::nanoseconds now{1h};

    explicit measured(std::uint64_t quota = 100 * mib) { store.quota_bytes = quota; }
    void have(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t appended = 0) {
        store.states["a"].database_bytes = a;
        store.states["b"].database_bytes = b;
        store.states["c"].database_bytes = c;
        room.measure(appended, now);
    }
};

TEST_CASE("store_room: the fullest member counts", "[replication]") {
    measured of;
    CHECK(of.room.now(0).quota_bytes == 0);
    of.have(10 * mib, 30 * mib, 20 * mib);
    const auto found = of.room.now(0);
    CHECK(found.database_bytes == 30 * mib);
    CHECK(found.quota_bytes == 100 * mib);
    CHECK_FALSE(found.is_tight);
    of.have(10 * mib, 30 * mib, 66 * mib);
    CHECK(of.room.now(0).is_tight);
    CHECK_FALSE(of.room.now(0).is_full);
}

TEST_CASE("store_room: is full from four fifths of the quota down to three quarters",
          "[replication]") {
    measured of;
    of.have(0, 0, 79 * mib);
    CHECK_FALSE(of.room.now(0).is_full);
    of.have(0, 0, 80 * mib);
    CHECK(of.room.now(0).is_full);
    of.have(0, 0, 76 * mib);
    CHECK(of.room.now(0).is_full);
    of.have(0, 0, 74 * mib);
    CHECK_FALSE(of.room.now(0).is_full);
    of.have(0, 0, 76 * mib);
    CHECK_FALSE(of.room.now(0).is_full);
}

TEST_CASE("store_room: what was appended since counts", "[replication]") {
    measured of;
    of.have(78 * mib, 0, 0, 1'000 * mib);
    CHECK_FALSE(of.room.now(1'001 * mib).is_full);
    CHECK(of.room.now(1'002 * mib).is_full);
    CHECK(of.room.now(1'002 * mib).database_bytes == 80 * mib);
}

TEST_CASE("store_room: is asked again after a second, or after a 32nd of the quota",
          "[replication]") {
    measured of{64 * mib};
    CHECK(of.room.is_due(0, of.now));
    of.have(0, 0, 0, 10 * mib);
    CHECK_FALSE(of.room.is_due(10 * mib, of.now + 999ms));
    CHECK(of.room.is_due(10 * mib, of.now + 1s));
    CHECK_FALSE(of.room.is_due(12 * mib - 1, of.now));
    CHECK(of.room.is_due(12 * mib, of.now));
}

TEST_CASE("store_room: members that do not answer do not count while others do", "[replication]") {
    measured of;
    of.store.states["c"].answers = false;
    of.have(10 * mib, 20 * mib, 90 * mib);
    CHECK(of.room.now(0).database_bytes == 20 * mib);
    of.store.states["a"].answers = false;
    of.store.states["b"].answers = false;
    of.have(10 * mib, 90 * mib, 90 * mib, 5 * mib);
    CHECK(of.room.now(5 * mib).database_bytes == 25 * mib);
    CHECK_FALSE(of.room.is_due(5 * mib, of.now));
}

TEST_CASE("store_room: the quota is the one given, the one reported, or the default",
          "[replication]") {
    measured of{0};
    of.have(0, 0, 0);
    CHECK(of.room.quota_bytes() == store_room::default_quota_bytes);
    of.store.quota_bytes = 7 * mib;
    of.have(0, 0, 0);
    CHECK(of.room.quota_bytes() == 7 * mib);
    CHECK(store_room{of.store, {.quota_bytes = 5}}.quota_bytes() == 5);
}

}  // namespace
}  // namespace coffer::replication
