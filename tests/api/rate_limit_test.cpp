#include "api/rate_limit.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "catch.hpp"

using namespace coffer::api;

namespace {

constexpr rate_time a_second = 1'000'000'000;
constexpr rate_time begin = 1'000 * a_second;

int taken(rate_bucket& from, request_rate most, rate_time now, int wanted) {
    int got = 0;
    for (int i = 0; i != wanted; ++i)
        got += from.take(most, now) ? 1 : 0;
    return got;
}

}  // namespace

TEST_CASE("rate: it is a number a second", "[api]") {
    CHECK(parse_request_rate("1/s")->a_second == 1);
    CHECK(parse_request_rate("1000000/s")->a_second == 1'000'000);
    for (const char* const text : {"", "1", "/s", "0/s", "-1/s", "1000001/s", "1/m", "1 /s",
                                   "1.5/s", "x/s", "1/s ", "99999999999999999999/s"})
        CHECK_FALSE(parse_request_rate(text));
}

TEST_CASE("rate bucket: it has so many at once, and fills at that rate", "[api]") {
    rate_bucket bucket;
    const request_rate ten{10};
    CHECK(taken(bucket, ten, begin, 15) == 10);
    CHECK(taken(bucket, ten, begin + a_second / 10 - 1, 1) == 0);
    CHECK(taken(bucket, ten, begin + a_second / 10, 5) == 1);
    CHECK(taken(bucket, ten, begin + a_second / 2, 9) == 4);
    CHECK_FALSE(bucket.is_full(begin + a_second));
    CHECK(bucket.is_full(begin + 2 * a_second));
    CHECK(taken(bucket, ten, begin + 60 * a_second, 30) == 10);
}

TEST_CASE("rate bucket: what is refused is not counted", "[api]") {
    rate_bucket bucket;
    CHECK(taken(bucket, {2}, begin, 1000) == 2);
    CHECK(taken(bucket, {2}, begin + a_second, 1000) == 2);
}

TEST_CASE("rate bucket: rates that do not divide a second have their number at once", "[api]") {
    for (const std::int64_t rate : {1, 3, 7, 999, 999'999, 1'000'000}) {
        rate_bucket bucket;
        CHECK(taken(bucket, {rate}, begin, static_cast<int>(rate) + 1) == rate);
    }
}

TEST_CASE("rate bucket: threads together get no more than the rate", "[api]") {
    rate_bucket bucket;
    std::atomic<int> got{0};
    std::vector<std::thread> threads;
    for (int i = 0; i != 4; ++i)
        threads.emplace_back([&] { got += taken(bucket, {1000}, begin, 1000); });
    for (std::thread& one : threads)
        one.join();
    CHECK(got == 1000);
}

TEST_CASE("peer buckets: each peer has its own", "[api]") {
    peer_buckets peers;
    for (std::uint64_t peer = 0; peer != 1000; ++peer) {
        CHECK(peers.take(peer, {2}, begin));
        CHECK(peers.take(peer, {2}, begin));
        CHECK_FALSE(peers.take(peer, {2}, begin));
    }
    for (std::uint64_t peer = 0; peer != 1000; ++peer)
        CHECK(peers.take(peer, {2}, begin + a_second));
}

TEST_CASE("peer buckets: more peers than places share, and places are free again", "[api]") {
    peer_buckets peers;
    int refused = 0;
    for (std::uint64_t peer = 0; peer != 100'000; ++peer)
        refused += peers.take(peer, {1}, begin) ? 0 : 1;
    CHECK(refused > 0);
    CHECK(refused < 100'000);
    refused = 0;
    for (std::uint64_t peer = 200'000; peer != 201'000; ++peer)
        refused += peers.take(peer, {1}, begin + 2 * a_second) ? 0 : 1;
    CHECK(refused == 0);
}
