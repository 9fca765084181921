#include "engine/key_horizon.hpp"

#include <algorithm>

namespace coffer {
namespace {

constexpr std::int64_t gaps_in_a_life = 1000;

}  // namespace

key_horizon::key_horizon(std::uint64_t keys_from, std::chrono::nanoseconds time_to_live)
    : least_gap_ns_{static_cast<std::uint64_t>(time_to_live.count() / gaps_in_a_life)},
      moments_{{0, keys_from - 1}} {}

std::uint64_t key_horizon::keys_from(std::uint64_t durable_record,
                                     const key_store::living_keys& found) {
    remember({found.now_ns, durable_record});
    // Before the oldest key, not at its time: of two events at one time, either may be the first.
    const auto later = std::partition_point(
        moments_.begin() + 1, moments_.end(),
        [&found](const moment& one) { return !found.oldest_ns || one.time_ns < *found.oldest_ns; });
    moments_.erase(moments_.begin(), later - 1);
    return moments_.front().durable_record + 1;
}

// Any moment but the first may be missing: then the answer is an earlier record, which is safe.
void key_horizon::remember(const moment& now) {
    if (const std::size_t count = moments_.size();
        count > 1 && moments_[count - 1].time_ns - moments_[count - 2].time_ns < least_gap_ns_)
        moments_.back() = now;
    else
        moments_.push_back(now);
}

}  // namespace coffer
