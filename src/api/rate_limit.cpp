#include "api/rate_limit.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace coffer::api {
namespace {

constexpr std::int64_t most_a_second = 1'000'000;
constexpr std::int64_t ns_a_second = 1'000'000'000;

/// Spreads peers over the groups (splitmix64). Never 0.
constexpr std::uint64_t hash_of(std::uint64_t peer) noexcept {
    peer += 0x9e3779b97f4a7c15;
    peer = (peer ^ (peer >> 30)) * 0xbf58476d1ce4e5b9;
    peer = (peer ^ (peer >> 27)) * 0x94d049bb133111eb;
    peer ^= peer >> 31;
    return peer != 0 ? peer : 1;
}

}  // namespace

std::optional<request_rate> parse_request_rate(std::string_view text) noexcept {
    request_rate given;
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, given.a_second);
    const std::string_view unit{after, static_cast<std::size_t>(end - after)};
    const bool is_right = error == std::errc{} && unit == "/s" && given.a_second >= 1 &&
                          given.a_second <= most_a_second;
    return is_right ? std::optional{given} : std::nullopt;
}

bool rate_bucket::take(request_rate most, rate_time now) noexcept {
    const std::int64_t interval_ns = ns_a_second / most.a_second;
    const std::int64_t window_ns = interval_ns * most.a_second;
    // Relaxed throughout: no other memory is published by this number.
    rate_time until = used_until_.load(std::memory_order_relaxed);
    for (;;) {
        const rate_time next = std::max(until, now) + interval_ns;
        if (next - now > window_ns)
            return false;
        if (used_until_.compare_exchange_weak(until, next, std::memory_order_relaxed,
                                              std::memory_order_relaxed))
            return true;
    }
}

// Relaxed throughout: an owner and its bucket are two numbers that need not agree at each moment.
bool peer_buckets::take(std::uint64_t peer, request_rate most, rate_time now) noexcept {
    const std::uint64_t owner = hash_of(peer);
    group& places = groups_[owner % group_count];
    for (place& one : places)
        if (one.owner.load(std::memory_order_relaxed) == owner)
            return one.bucket.take(most, now);
    for (place& one : places) {
        std::uint64_t before = one.owner.load(std::memory_order_relaxed);
        if (one.bucket.is_full(now) &&
            one.owner.compare_exchange_strong(before, owner, std::memory_order_relaxed,
                                              std::memory_order_relaxed))
            return one.bucket.take(most, now);
    }
    return places[(owner >> 32) % places_in_group].bucket.take(most, now);
}

}  // namespace coffer::api
