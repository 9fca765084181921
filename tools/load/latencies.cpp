#include "load/latencies.hpp"

#include <cmath>

namespace coffer::load {

void latencies::add(std::int64_t latency_ns) {
    const std::int64_t bounded = std::max<std::int64_t>(latency_ns, 0);
    bins_(static_cast<std::uint64_t>(bounded));
    ++count_;
    max_ns_ = std::max(max_ns_, bounded);
}

latencies& latencies::operator+=(const latencies& other) {
    bins_ += other.bins_;
    count_ += other.count_;
    max_ns_ = std::max(max_ns_, other.max_ns_);
    return *this;
}

double latencies::mean_ns() const {
    double sum = 0;
    for (int bin = 0; bin != latency_axis{}.size(); ++bin)
        sum += static_cast<double>(bins_.at(bin)) * latency_axis{}.middle(bin);
    return count_ == 0 ? 0 : sum / static_cast<double>(count_);
}

double latencies::deviation_ns() const {
    const double mean = mean_ns();
    double sum = 0;
    for (int bin = 0; bin != latency_axis{}.size(); ++bin) {
        const double distance = latency_axis{}.middle(bin) - mean;
        sum += static_cast<double>(bins_.at(bin)) * distance * distance;
    }
    return count_ == 0 ? 0 : std::sqrt(sum / static_cast<double>(count_));
}

std::int64_t latencies::percentile_ns(double percent) const {
    const double exact = percent / 100 * static_cast<double>(count_);
    // A little less, lest a rounding error in the percentage ask for one more.
    const auto wanted =
        std::max(static_cast<std::uint64_t>(std::ceil(exact - 1e-6)), std::uint64_t{1});
    std::uint64_t found = 0;
    for (int bin = 0; bin != latency_axis{}.size(); ++bin) {
        found += bins_.at(bin);
        if (found >= wanted)
            return std::min(static_cast<std::int64_t>(latency_axis{}.highest(bin)), max_ns_);
    }
    return max_ns_;
}

std::uint64_t latencies::up_to(std::int64_t latency_ns) const {
    const int last = latency_axis{}.index(static_cast<std::uint64_t>(latency_ns));
    std::uint64_t found = 0;
    for (int bin = 0; bin <= last; ++bin)
        found += bins_.at(bin);
    return found;
}

}  // namespace coffer::load
