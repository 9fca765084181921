#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

#include "console/pages.hpp"
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
:root { --paper: #f7f6f3; --ink: #1b2024; --faint: #5a636b; --rule: #e3e0da; --bad: #b3261e;
  --good: #14703c; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #101315; --ink: #e7e8e6; --faint: #9aa4ab; --rule: #283035; --bad: #ff9a90;
    --good: #6fd39a; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, sans-serif;
  max-width: 900px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.65rem; margin-bottom: 0; } h2 { font-size: 1.0625rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } .faint { color: var(--faint); }
.good { color: var(--good); } .bad { color: var(--bad); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .5rem 0; }
th, td { padding: .3rem 2rem .3rem 0; text-align: right; font-weight: 400;
  border-bottom: 1px solid var(--rule); }
th:first-child { text-align: left; } thead th { color: var(--faint); }
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

struct rates_over_time {
    std::vector<double> times;  ///< in seconds from the beginning
    std::vector<double> rates;  ///< requests a second around then
};

rates_over_time rates_of(const tally& counted) {
    const double step_s = static_cast<double>(counted.measured.step_ns()) / 1e9;
    const double seconds = counted.measured.seconds();
    rates_over_time found;
    for (std::size_t i = 0; i != counted.steps.size(); ++i) {
        // The last step may be a short one.
        const double begin = static_cast<double>(i) * step_s;
        found.times.push_back(std::min(begin + step_s / 2, seconds));
        found.rates.push_back(static_cast<double>(counted.steps[i]) /
                              std::min(step_s, seconds - begin));
    }
    return found;
}

/// Percentiles with as many nines as there is data for, spread out evenly on their scale.
std::vector<double> spread_percentiles(const latencies& from) {
    constexpr int steps = 120;
    const double most = std::clamp(std::log10(static_cast<double>(from.count()) + 1), 1.0, 6.0);
    std::vector<double> percents;
    for (int i = 0; i <= steps; ++i)
        percents.push_back(100 * (1 - std::pow(10, -most * i / steps)));
    return percents;
}

boost::json::array seconds_of(const latencies& from, const std::vector<double>& percents) {
    boost::json::array made;
    for (const double percent : percents)
        made.emplace_back(std::max(static_cast<double>(from.percentile_ns(percent)), 1.0) / 1e9);
    return made;
}

/// What report.ts draws.
std::string figures_json(const results& found) {
    const bool open = found.chosen.rate.has_value();
    const std::vector<double> percents = spread_percentiles(found.counted.latency);
    const rates_over_time over_time = rates_of(found.counted);
    boost::json::object made{{"percents", boost::json::value_from(percents)},
                             {"latency", seconds_of(found.counted.latency, percents)},
                             {"service", nullptr},
                             {"times", boost::json::value_from(over_time.times)},
                             {"rates", boost::json::value_from(over_time.rates)},
                             {"asked", nullptr}};
    if (open) {
        made["service"] = seconds_of(found.counted.service, percents);
        made["asked"] = *found.chosen.rate;
    }
    return boost::json::serialize(made);
}

std::string latency_table(const results& found) {
    const bool open = found.chosen.rate.has_value();
    std::string text = "<table>\n<thead><tr><th scope=\"col\">Percentile</th><th scope=\"col\">";
    text += open ? "From when it was due</th><th scope=\"col\">From when it was sent" : "Latency";
    text += "</th></tr></thead>\n<tbody>\n";
    for (const auto& [name, percent] : percentiles) {
        text += format("<tr><th scope=\"row\">%g%%</th>", percent);
        for (const latencies* const from : {&found.counted.latency, &found.counted.service})
            if (open || from == &found.counted.latency)
                text += "<td>" + duration_text(static_cast<double>(from->percentile_ns(percent))) +
                        "</td>";
        text += "</tr>\n";
    }
    return text + "</tbody>\n</table>\n";
}

std::string rate_table(const tally& counted) {
    std::string text =
        "<details><summary>As a table</summary>\n<table>\n<thead><tr><th scope=\"col\">Time</th>"
        "<th scope=\"col\">Requests a second</th></tr></thead>\n<tbody>\n";
    const rates_over_time found = rates_of(counted);
    for (std::size_t i = 0; i != found.times.size(); ++i)
        text += format("<tr><th scope=\"row\">%.2f s</th><td>%.0f</td></tr>\n", found.times[i],
                       found.rates[i]);
    return text + "</tbody>\n</table>\n</details>\n";
}

/// The charts' style, and after it the figures and the script; nothing in a build without npm.
std::string charts(const results& found) {
    const console::chart_bundle bundle = console::charts();
    if (bundle.script.empty())
        return {};
    std::string text = "<style>";
    text.append(bundle.style).append("</style>\n<script type=\"application/json\" id=\"figures\">");
    text += figures_json(found);
    return text.append("</script>\n<script>").append(bundle.script).append("</script>\n");
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
    page += "<h2>Latency by percentile</h2>\n<div id=\"latency-chart\"></div>\n";
    page += latency_table(found);
    page += "<h2>Requests a second over time</h2>\n<div id=\"rate-chart\"></div>\n";
    page += rate_table(found.counted);
    page += "<h2>All of it</h2>\n<pre>" + escaped(report_text(found)) + "</pre>\n";
    return page + charts(found) + "</body>\n</html>\n";
}

}  // namespace coffer::load
