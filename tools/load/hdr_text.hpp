// Writes a distribution in the text format of HdrHistogram's tools.
#pragma once

#include <string>

#include "load/latencies.hpp"

namespace coffer::load {

/// HdrHistogram's percentile text format, in ms, with 5 steps to each halving of the rest.
[[nodiscard]] std::string hdr_text(const latencies&);

}  // namespace coffer::load
