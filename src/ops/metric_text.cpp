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

}  // namespace coffer
