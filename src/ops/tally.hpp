// Counters that one thread writes and others read: of what a worker, a teller or the journal's
// thread does.
//
// Guarantees     Counting costs a load and a store of a line that no other thread writes: no
//                atomic addition, no lock. A reader sees each counter as it was a moment ago; of
//                several, each as of a moment of its own.
// Thread safety  add, record and set for one thread; the rest for any.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

namespace coffer {

/// A count that only rises.
class tally {
public:
    void add(std::uint64_t more = 1) noexcept {
        // Relaxed, and no addition in one step: one thread writes, and it orders nothing.
        count_.store(value() + more, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t value() const noexcept {
        return count_.load(std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> count_{0};
};

/// A number that rises and falls.
class gauge {
public:
    void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const noexcept {
        return value_.load(std::memory_order_relaxed);  // likewise
    }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// How many values fell between which bounds: one bucket a bound, for values up to it, and a last
/// one for those above. `Bounds` is an array of rising numbers.
template <const auto& Bounds>
class tally_histogram {
public:
    static constexpr std::size_t buckets = std::tuple_size_v<std::decay_t<decltype(Bounds)>> + 1;

    void record(std::uint64_t value, std::uint64_t times = 1) noexcept {
        std::size_t bucket = 0;  // mostly one of the first
        while (bucket != buckets - 1 && value > Bounds[bucket])
            ++bucket;
        counts_[bucket].add(times);
        sum_.add(value * times);
    }

    [[nodiscard]] std::uint64_t count_in(std::size_t bucket) const noexcept {
        return counts_[bucket].value();
    }
    [[nodiscard]] std::uint64_t sum() const noexcept { return sum_.value(); }

private:
    std::array<tally, buckets> counts_{};
    tally sum_{};
};

/// From 50 us, below which requests differ little, to 10 s. In ns.
inline constexpr std::array<std::uint64_t, 18> latency_bounds{
    50'000,      100'000,       200'000,       500'000,       1'000'000,     2'000'000,
    5'000'000,   10'000'000,    20'000'000,    50'000'000,    100'000'000,   200'000'000,
    500'000'000, 1'000'000'000, 2'000'000'000, 5'000'000'000, 7'500'000'000, 10'000'000'000};
using latency_tally = tally_histogram<latency_bounds>;

/// Of how many records are synced at once.
inline constexpr std::array<std::uint64_t, 14> group_bounds{1,   2,   4,   8,    16,   32,   64,
                                                            128, 256, 512, 1024, 2048, 4096, 8192};
using group_tally = tally_histogram<group_bounds>;

/// A time as latency_tally takes it; 0 where the clock went back.
[[nodiscard]] constexpr std::uint64_t latency_ns(std::chrono::nanoseconds took) noexcept {
    return static_cast<std::uint64_t>(std::max(took, std::chrono::nanoseconds{0}).count());
}

/// The sum of several histograms, as they are read.
template <const auto& Bounds>
class histogram_sum {
public:
    void add(const tally_histogram<Bounds>& one) noexcept {
        for (std::size_t i = 0; i != counts.size(); ++i)
            counts[i] += one.count_in(i);
        sum += one.sum();
    }

    std::array<std::uint64_t, tally_histogram<Bounds>::buckets> counts{};
    std::uint64_t sum = 0;
};

}  // namespace coffer
