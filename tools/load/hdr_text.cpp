#include "load/hdr_text.hpp"

#include <cmath>
#include <cstdio>

namespace coffer::load {
namespace {

double milliseconds(double ns) {
    return ns / 1e6;
}

template <class... Values>
void append(std::string& text, const char* format, Values... values) {
    char line[160];
    const int size = std::snprintf(line, sizeof line, format, values...);
    text.append(line, static_cast<std::size_t>(size));
}

/// The next percentage to list. The steps halve with each halving of what is left to 100.
double after(double percent) {
    constexpr double steps_per_halving = 5;
    const double halvings = std::floor(std::log2(100 / (100 - percent))) + 1;
    return percent + 100 / (steps_per_halving * std::exp2(halvings));
}

void append_row(std::string& text, const latencies& from, double percent) {
    const std::int64_t value_ns = from.percentile_ns(percent);
    append(text, "%12.3f %2.12f %10llu %14.2f\n", milliseconds(static_cast<double>(value_ns)),
           percent / 100, static_cast<unsigned long long>(from.up_to(value_ns)),
           100 / (100 - percent));
}

}  // namespace

std::string hdr_text(const latencies& from) {
    std::string text = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n";
    const auto count = static_cast<double>(from.count());
    // Once less than one latency is left, the next row is that of the largest.
    for (double percent = 0; count * (100 - percent) / 100 >= 1; percent = after(percent))
        append_row(text, from, percent);
    if (from.count() != 0)
        append(text, "%12.3f %2.12f %10llu\n", milliseconds(static_cast<double>(from.max_ns())),
               1.0, static_cast<unsigned long long>(from.count()));
    append(text, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", milliseconds(from.mean_ns()),
           milliseconds(from.deviation_ns()));
    append(text, "#[Max     = %12.3f, Total count    = %12llu]\n",
           milliseconds(static_cast<double>(from.max_ns())),
           static_cast<unsigned long long>(from.count()));
    append(text, "#[Buckets = %12d, SubBuckets     = %12d]\n",
           latency_axis::most_bits - latency_axis::bits + 1, 1 << latency_axis::bits);
    return text;
}

}  // namespace coffer::load
