// The results of a run, and their reports.
#pragma once

#include <array>
#include <string>

#include "load/audit.hpp"
#include "load/options.hpp"
#include "load/tally.hpp"

namespace coffer::load {

struct results {
    const options& chosen;
    tally counted;
    audit_result audit;
    double cpu_seconds = 0;  ///< of the generator while it ran
};

struct named_percentile {
    const char* name;
    double percent;
};

inline constexpr std::array percentiles{
    named_percentile{"p50", 50},      named_percentile{"p75", 75}, named_percentile{"p90", 90},
    named_percentile{"p95", 95},      named_percentile{"p99", 99}, named_percentile{"p99.9", 99.9},
    named_percentile{"p99.99", 99.99}};

/// The results for a person to read in a terminal.
[[nodiscard]] std::string report_text(const results&);

/// "exact", or by how much it is not: in all, and on how many accounts.
[[nodiscard]] std::string audit_verdict(const audit_result&);

/// The audit alone: the verdict, what it rests on, and the accounts that are off.
[[nodiscard]] std::string audit_text(const results&);

/// The results as JSON, latencies in microseconds and money as the API writes it.
[[nodiscard]] std::string report_json(const results&);

/// The results as a self-contained page.
[[nodiscard]] std::string report_page(const results&);

/// Replies of any kind in the whole run.
[[nodiscard]] std::uint64_t all_replies(const tally&);

}  // namespace coffer::load
