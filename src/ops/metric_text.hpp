// Writes figures in the text format of Prometheus, version 0.0.4.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ops/tally.hpp"

namespace coffer {

/// Appends the two lines that precede the samples of a metric. `type` is counter, gauge or
/// histogram.
void append_metric_head(std::string& out, std::string_view name, std::string_view type,
                        std::string_view help);

/// Appends a sample. `labels` is empty or as in `route="/events",status="200"`: values are escaped
/// by the caller.
void append_sample(std::string& out, std::string_view name, std::string_view labels,
                   std::string_view value);
void append_sample(std::string& out, std::string_view name, std::string_view labels, double value);
void append_sample(std::string& out, std::string_view name, std::string_view labels,
                   std::uint64_t value);

/// Appends the samples of a histogram, and no head: its buckets, which are cumulative, `_sum` and
/// `_count`. `counts` has one value more than `bounds`, and both are divided by `unit`, as in 1e9
/// for seconds of ns. The count is that of the buckets, so they agree while they are being written.
void append_histogram(std::string& out, std::string_view name,
                      std::span<const std::uint64_t> bounds, std::span<const std::uint64_t> counts,
                      std::uint64_t sum, double unit);

template <const auto& Bounds>
void append_histogram(std::string& out, std::string_view name, std::string_view help,
                      const histogram_sum<Bounds>& all, double unit) {
    append_metric_head(out, name, "histogram", help);
    append_histogram(out, name, Bounds, all.counts, all.sum, unit);
}

/// A metric with one sample.
template <class Value>
void append_metric(std::string& out, std::string_view name, std::string_view type,
                   std::string_view help, const Value& value) {
    append_metric_head(out, name, type, help);
    append_sample(out, name, {}, value);
}

}  // namespace coffer
