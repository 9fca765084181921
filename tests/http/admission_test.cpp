#include "http/admission.hpp"

#include <thread>
#include <vector>

#include "catch.hpp"

using namespace coffer::http;
using boost::asio::ip::make_address;

namespace {

limits allowing(std::size_t connections, std::size_t per_peer) {
    limits allowed;
    allowed.connections = connections;
    allowed.connections_per_peer = per_peer;
    return allowed;
}

}  // namespace

TEST_CASE("admission: admits as many as are allowed, and more as others leave", "[http]") {
    const limits allowed = allowing(2, 9);
    admission door{allowed};
    const auto home = make_address("127.0.0.1");
    const auto first = door.admit(home);
    {
        const auto second = door.admit(home);
        CHECK(first.is_admitted());
        CHECK(second.is_admitted());
        CHECK_FALSE(door.admit(home).is_admitted());
        CHECK(door.admitted() == 2);
    }
    CHECK(door.admit(home).is_admitted());
    CHECK(door.admitted() == 1);
}

TEST_CASE("admission: is full once as many linger as may", "[http]") {
    const limits allowed = allowing(8, 99);
    REQUIRE(allowed.turned_away() == 2);
    admission door{allowed};
    std::vector<admission::place> places;
    for (int i = 0; i != 10; ++i) {
        CHECK_FALSE(door.is_full());
        places.push_back(door.admit(make_address("127.0.0.1")));
        CHECK(places.back().is_admitted() == (i < 8));
        CHECK(places.back().may_linger());
    }
    CHECK(door.is_full());
    CHECK(door.admit(make_address("127.0.0.1")).may_linger());  // was accepted too late to know
    places.pop_back();
    CHECK_FALSE(door.is_full());
}

TEST_CASE("admission: a peer with too many does not fill the place of those who linger", "[http]") {
    const limits allowed = allowing(8, 1);
    admission door{allowed};
    std::vector<admission::place> places;
    for (int i = 0; i != 10; ++i)
        places.push_back(door.admit(make_address("127.0.0.1")));
    CHECK(places[0].is_admitted());
    CHECK(places[2].may_linger());
    CHECK_FALSE(places[3].may_linger());
    CHECK_FALSE(door.is_full());
    CHECK(door.admit(make_address("10.0.0.1")).is_admitted());
}

TEST_CASE("admission: one peer does not take the places of others", "[http]") {
    const limits allowed = allowing(3, 1);
    admission door{allowed};
    const auto one = door.admit(make_address("10.0.0.1"));
    CHECK(one.is_admitted());
    CHECK_FALSE(door.admit(make_address("10.0.0.1")).is_admitted());
    CHECK(door.admitted() == 1);
    const auto other = door.admit(make_address("10.0.0.2"));
    CHECK(other.is_admitted());
    auto third = door.admit(make_address("::1"));
    CHECK(third.is_admitted());
    // No place in all, which must not count against this peer.
    for (int i = 0; i != 3; ++i)
        CHECK_FALSE(door.admit(make_address("10.0.0.4")).is_admitted());
    { const auto moved = std::move(third); }
    CHECK(door.admit(make_address("10.0.0.4")).is_admitted());
}

TEST_CASE("peer_of: is an IPv4 address, also where it is mapped, or a /64 of IPv6", "[http]") {
    const auto of = [](const char* text) { return peer_of(make_address(text)); };
    CHECK(of("10.0.0.1") == of("::ffff:10.0.0.1"));
    CHECK(of("10.0.0.1") != of("10.0.0.2"));
    CHECK(of("2001:db8::1") == of("2001:db8::ffff:1"));
    CHECK(of("2001:db8::1") != of("2001:db8:0:1::1"));
}

TEST_CASE("admission: counts right when many threads come and go", "[http]") {
    const limits allowed = allowing(5, 3);
    admission door{allowed};
    std::atomic<bool> exceeded = false;
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i)
        threads.emplace_back([&, i] {
            const auto from = make_address(i < 2 ? "10.0.0.1" : "10.0.0.2");
            for (int turn = 0; turn != 20'000; ++turn) {
                const auto first = door.admit(from);
                const auto second = door.admit(from);
                if (door.admitted() > 5)
                    exceeded = true;
            }
        });
    for (auto& thread : threads)
        thread.join();
    CHECK_FALSE(exceeded);
    CHECK(door.admitted() == 0);
    std::vector<admission::place> places;
    for (int i = 0; i != 3; ++i)
        places.push_back(door.admit(make_address("10.0.0.1")));
    CHECK(places.back().is_admitted());
    CHECK_FALSE(door.admit(make_address("10.0.0.1")).is_admitted());
}
