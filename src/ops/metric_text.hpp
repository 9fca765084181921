// Writes figures in the text format of Prometheus, version 0.0.4.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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

/// A metric with one sample.
template <class Value>
void append_metric(std::string& out, std::string_view name, std::string_view type,
                   std::string_view help, const Value& value) {
    append_metric_head(out, name, type, help);
    append_sample(out, name, {}, value);
}

}  // namespace coffer
