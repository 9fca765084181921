#include "ops/metric_text.hpp"

#include <fmt/format.h>

#include <iterator>

namespace coffer {

void append_metric_head(std::string& out, std::string_view name, std::string_view type,
                        std::string_view help) {
    fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void append_sample(std::string& out, std::string_view name, std::string_view labels,
                   std::string_view value) {
    if (labels.empty())
        fmt::format_to(std::back_inserter(out), "{} {}\n", name, value);
    else
        fmt::format_to(std::back_inserter(out), "{}{{{}}} {}\n", name, labels, value);
}

void append_sample(std::string& out, std::string_view name, std::string_view labels, double value) {
    append_sample(out, name, labels, fmt::format("{}", value));
}

void append_sample(std::string& out, std::string_view name, std::string_view labels,
                   std::uint64_t value) {
    append_sample(out, name, labels, fmt::format("{}", value));
}

void append_histogram(std::string& out, std::string_view name,
                      std::span<const std::uint64_t> bounds, std::span<const std::uint64_t> counts,
                      std::uint64_t sum, double unit) {
    const auto to = std::back_inserter(out);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i != bounds.size(); ++i) {
        below += counts[i];
        fmt::format_to(to, "{}_bucket{{le=\"{}\"}} {}\n", name,
                       static_cast<double>(bounds[i]) / unit, below);
    }
    below += counts[bounds.size()];
    fmt::format_to(to, "{0}_bucket{{le=\"+Inf\"}} {1}\n{0}_sum {2}\n{0}_count {1}\n", name, below,
                   static_cast<double>(sum) / unit);
}

}  // namespace coffer
