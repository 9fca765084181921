#include <algorithm>
#include <cmath>
#include <cstdio>

#include "load/chart.hpp"
#include "load/results.hpp"

namespace coffer::load {
namespace {

constexpr const char* page_begin = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>coffer-load</title>
<style>
:root { --paper: #fff; --ink: #1c2127; --faint: #5f6b7a; --rule: #dfe3e8; --line: #1f6feb;
  --second: #b35900; --bad: #b42318; --good: #1a7f37; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181d; --ink: #e6e9ee; --faint: #98a3b1; --rule: #2e353e; --line: #6cb0ff;
    --second: #f0a35e; --bad: #ff8a80; --good: #66d184; } }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  max-width: 900px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } .faint { color: var(--faint); }
.good { color: var(--good); } .bad { color: var(--bad); }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--faint); font-size: 13px; font-variant-numeric: tabular-nums; }
.grid { stroke: var(--rule); stroke-width: 1; }
.line { fill: none; stroke: var(--line); stroke-width: 2; stroke-linejoin: round; }
.second { stroke: var(--second); stroke-dasharray: 5 4; }
circle { fill: transparent; } circle:hover { fill: var(--line); }
pre { overflow-x: auto; font: 14px/1.45 ui-monospace, monospace; }
</style>
</head>
<body>
)";

template <class... Values>
std::string format(const char* pattern, Values... values) {
    char text[256];
    const int size = std::snprintf(text, sizeof text, pattern, values...);
    return {text, std::min(static_cast<std::size_t>(size), sizeof text - 1)};
}

std::string escaped(const std::string& text) {
    std::string made;
    for (const char c : text) {
        if (c == '<')
            made += "&lt;";
        else if (c == '>')
            made += "&gt;";
        else if (c == '&')
            made += "&amp;";
        else
            made += c;
    }
    return made;
}

std::string duration_text(double ns) {
    if (ns < 1e6)
        return format("%g us", std::round(ns / 1e2) / 10);
    if (ns < 1e9)
        return format("%g ms", std::round(ns / 1e4) / 100);
    return format("%g s", std::round(ns / 1e7) / 100);
}

std::string count_text(double count) {
    if (count >= 1e6)
        return format("%g M", count / 1e6);
    return count >= 1e4 ? format("%g k", count / 1e3) : format("%g", count);
}

/// How many nines: what lies behind the 9 in 99.9, spread out evenly.
double nines(double percent) {
    return -std::log10(1 - percent / 100);
}

/// Latency on a logarithmic scale over percentiles with as many nines as there is data for.
class latency_scale {
public:
    explicit latency_scale(const results& found)
        : most_nines_{std::clamp(std::log10(static_cast<double>(found.counted.latency.count()) + 1),
                                 1.0, 6.0)},
          lowest_{std::floor(std::log10(
              std::max<double>(1e3, static_cast<double>(found.counted.service.percentile_ns(0)))))},
          highest_{std::max(
              lowest_ + 1,
              std::ceil(std::log10(static_cast<double>(found.counted.latency.max_ns()) + 1)))} {}

    [[nodiscard]] std::vector<point> line_of(const latencies& from) const {
        constexpr int steps = 120;
        std::vector<point> line;
        for (int i = 0; i <= steps; ++i) {
            const double x = static_cast<double>(i) / steps;
            const double percent = 100 * (1 - std::pow(10, -x * most_nines_));
            const auto latency = static_cast<double>(from.percentile_ns(percent));
            line.push_back(
                {x, height(latency), format("%.6g%%: ", percent) + duration_text(latency)});
        }
        return line;
    }
    [[nodiscard]] std::vector<mark> along_x() const {
        std::vector<mark> marks{{0, "0%"}};
        for (const double percent : {50.0, 90.0, 99.0, 99.9, 99.99, 99.999, 99.9999})
            if (nines(percent) <= most_nines_ + 1e-9)
                marks.push_back({nines(percent) / most_nines_, format("%g%%", percent)});
        return marks;
    }
    [[nodiscard]] std::vector<mark> along_y() const {
        std::vector<mark> marks;
        for (double power = lowest_; power <= highest_; ++power)
            marks.push_back({height(std::pow(10, power)), duration_text(std::pow(10, power))});
        return marks;
    }

private:
    [[nodiscard]] double height(double latency_ns) const {
        const double power = std::log10(std::max(latency_ns, 1.0));
        return std::clamp((power - lowest_) / (highest_ - lowest_), 0.0, 1.0);
    }

    double most_nines_;
    double lowest_;
    double highest_;
};

chart latency_chart(const results& found) {
    const latency_scale scale{found};
    chart drawn{.title = "Latency by percentile",
                .line = scale.line_of(found.counted.latency),
                .second_line = {},
                .along_x = scale.along_x(),
                .along_y = scale.along_y()};
    if (found.chosen.rate)
        drawn.second_line = scale.line_of(found.counted.service);
    return drawn;
}

chart throughput_chart(const results& found) {
    const tally& counted = found.counted;
    const double step_s = static_cast<double>(counted.measured.step_ns()) / 1e9;
    const double seconds = counted.measured.seconds();
    std::vector<double> rates;
    for (std::size_t i = 0; i != counted.steps.size(); ++i) {
        // The last step may be a short one.
        const double length = std::min(step_s, seconds - static_cast<double>(i) * step_s);
        rates.push_back(static_cast<double>(counted.steps[i]) / length);
    }
    const double asked = found.chosen.rate.value_or(0);
    const auto heights = round_steps(std::max(asked, *std::ranges::max_element(rates)));
    chart drawn{"Requests a second over time", {}, {}, {}, {}};
    for (std::size_t i = 0; i != rates.size(); ++i) {
        const double at = std::min((static_cast<double>(i) + 0.5) * step_s, seconds);
        drawn.line.push_back({at / seconds, rates[i] / heights.back(),
                              format("%.1f s: %.0f requests/s", at, rates[i])});
    }
    if (asked > 0)
        drawn.second_line = {{0, asked / heights.back(), ""}, {1, asked / heights.back(), ""}};
    for (const double height : heights)
        drawn.along_y.push_back({height / heights.back(), count_text(height)});
    for (const double moment : round_steps(seconds))
        if (moment <= seconds)
            drawn.along_x.push_back({moment / seconds, format("%g s", moment)});
    return drawn;
}

}  // namespace

std::string report_page(const results& found) {
    const bool open = found.chosen.rate.has_value();
    std::string page = page_begin;
    page += "<h1>" + format("%.0f requests/s", found.counted.rate());
    page += open ? format(" of %.0f asked", *found.chosen.rate) : "";
    page += "</h1>\n<p class=\"" + std::string{found.audit.exact() ? "good" : "bad"} + "\">";
    const std::string audit = audit_text(found);
    page += escaped(audit.substr(0, audit.find('\n'))) + "</p>\n";
    page += "<h2>Latency by percentile</h2>\n";
    if (open)
        page +=
            "<p class=\"faint\">From when a request was due; dashed, from when it was sent."
            "</p>\n";
    page += svg(latency_chart(found));
    page += "<h2>Requests a second over time</h2>\n";
    if (open)
        page += "<p class=\"faint\">Dashed, what was asked for.</p>\n";
    page += svg(throughput_chart(found));
    page += "<h2>All of it</h2>\n<pre>" + escaped(report_text(found)) + "</pre>\n";
    return page + "</body>\n</html>\n";
}

}  // namespace coffer::load
