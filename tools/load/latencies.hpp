// Counts latencies in a histogram.
#pragma once

#include <algorithm>
#include <bit>
#include <boost/histogram/histogram.hpp>
#include <boost/histogram/storage_adaptor.hpp>
#include <cstddef>
#include <cstdint>
#include <tuple>

namespace coffer::load {

/// An axis for Boost.Histogram, cut as HdrHistogram cuts it: each power of two into 1024 equal
/// bins, so that a value is known to a thousandth of itself. 0 .. 2^42-1 ns, over an hour; what is
/// longer counts as that.
class latency_axis {
public:
    using value_type = std::uint64_t;

    static constexpr int bits = 11;  // values below 2^bits have bins of their own
    static constexpr int most_bits = 42;
    static constexpr int half = 1 << (bits - 1);

    [[nodiscard]] int index(value_type value) const noexcept {
        const value_type bounded = std::min(value, (value_type{1} << most_bits) - 1);
        const int shift = std::max(static_cast<int>(std::bit_width(bounded)) - bits, 0);
        return shift * half + static_cast<int>(bounded >> shift);
    }
    [[nodiscard]] int size() const noexcept { return (most_bits - bits + 2) * half; }

    /// The smallest value of a bin.
    [[nodiscard]] value_type value(int bin) const noexcept {
        return bin == 0 ? 0 : highest(bin - 1) + 1;
    }
    /// The largest value of a bin.
    [[nodiscard]] value_type highest(int bin) const noexcept {
        const int shift = std::max(bin / half - 1, 0);
        const auto within = static_cast<value_type>(bin - shift * half);
        return ((within + 1) << shift) - 1;
    }
    /// The value in the middle of a bin.
    [[nodiscard]] double middle(int bin) const noexcept {
        const int shift = std::max(bin / half - 1, 0);
        return static_cast<double>(highest(bin)) - static_cast<double>((1LL << shift) - 1) / 2;
    }
};

/// Counts latencies, and computes percentiles. Thread safety: none; one for each thread, added up.
class latencies {
public:
    void add(std::int64_t latency_ns);
    latencies& operator+=(const latencies& other);

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::int64_t max_ns() const noexcept { return max_ns_; }
    [[nodiscard]] double mean_ns() const;
    [[nodiscard]] double deviation_ns() const;

    /// What `percent` of all latencies do not exceed; zero if there are none.
    [[nodiscard]] std::int64_t percentile_ns(double percent) const;

    /// How many latencies are at most as long as `latency_ns`, to the bin.
    [[nodiscard]] std::uint64_t up_to(std::int64_t latency_ns) const;

private:
    using storage = boost::histogram::dense_storage<std::uint64_t>;

    boost::histogram::histogram<std::tuple<latency_axis>, storage> bins_{
        std::tuple{latency_axis{}}};
    std::uint64_t count_ = 0;
    std::int64_t max_ns_ = 0;
};

}  // namespace coffer::load
