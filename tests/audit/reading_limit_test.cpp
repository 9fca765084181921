#include "audit/reading_limit.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "catch.hpp"

using coffer::audit::reading_limit;

TEST_CASE("reading limit: without snapshots, everything durable may be read", "[audit]") {
    reading_limit limit;
    REQUIRE(limit.up_to(7) == 7);
    REQUIRE(limit.up_to(9) == 9);
    REQUIRE_FALSE(limit.has_news());
}

TEST_CASE("reading limit: nothing beyond a snapshot is read until it was looked for", "[audit]") {
    reading_limit limit;
    REQUIRE(limit.up_to(7) == 7);
    REQUIRE(limit.cover(8) == 8);
    REQUIRE(limit.up_to(20) == 8);
    limit.end();
    REQUIRE(limit.has_news());
    REQUIRE(limit.up_to(30) == 8);
    limit.note_look();
    REQUIRE_FALSE(limit.has_news());
    REQUIRE(limit.up_to(30) == 30);
}

TEST_CASE("reading limit: a snapshot covers what the audit may have read by then", "[audit]") {
    reading_limit limit;
    REQUIRE(limit.up_to(20) == 20);
    REQUIRE(limit.cover(8) == 20);
    SECTION("and a later record if it is asked again") {
        REQUIRE(limit.cover(25) == 25);
        REQUIRE(limit.up_to(30) == 25);
    }
}

TEST_CASE("reading limit: a second snapshot does not lead past the first", "[audit]") {
    reading_limit limit;
    REQUIRE(limit.up_to(5) == 5);
    REQUIRE(limit.cover(8) == 8);
    limit.end();
    REQUIRE(limit.cover(12) == 12);
    REQUIRE(limit.up_to(20) == 5);
    limit.note_look();
    REQUIRE(limit.up_to(20) == 12);
    limit.end();
    limit.note_look();
    REQUIRE(limit.up_to(20) == 20);
}

TEST_CASE("reading limit: an attempt that ends without having begun is none", "[audit]") {
    reading_limit limit;
    limit.end();
    REQUIRE_FALSE(limit.has_news());
    REQUIRE(limit.up_to(3) == 3);
}

TEST_CASE("reading limit: the audit never gets past a snapshot of another thread", "[audit]") {
    constexpr std::size_t snapshots = 50'000;
    reading_limit limit;
    std::vector<std::atomic<std::uint64_t>> covered(snapshots);
    std::atomic<std::size_t> ending{0};  // or ended
    std::atomic<std::uint64_t> durable{1};
    std::thread taker{[&] {
        for (std::size_t i = 0; i != snapshots; ++i) {
            const std::uint64_t before = durable.fetch_add(1);
            covered[i] = limit.cover(before);
            durable.fetch_add(1);
            ending = i + 1;
            limit.end();
        }
    }};
    bool is_right = true;
    std::uint64_t read = 0;
    for (std::size_t seen = 0; seen != snapshots;) {
        if (limit.has_news())
            limit.note_look();
        for (const std::size_t end = ending; seen != end; ++seen)
            is_right = is_right && covered[seen] >= read;
        const std::uint64_t allowed = limit.up_to(durable);
        is_right = is_right && allowed >= read && allowed <= durable;
        read = allowed;
    }
    taker.join();
    REQUIRE(is_right);
}
