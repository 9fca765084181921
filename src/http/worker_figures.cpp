#include "http/worker_figures.hpp"

#include <map>
#include <memory>
#include <string_view>

#include "ops/metric_text.hpp"
#include "ops/text.hpp"

namespace coffer::http {
namespace {

using counts_of_statuses = std::array<std::uint64_t, counted_statuses.size()>;

/// What all workers have counted, by the path as it is shown.
struct sums {
    std::map<std::string_view, counts_of_statuses> requests;
    std::array<std::uint64_t, api::problems> refusals{};
    histogram_sum<latency_bounds> in_all;
    histogram_sum<latency_bounds> disk;
    std::uint64_t accepted = 0;
    std::uint64_t streams = 0;

    void add(const worker_signs& one) {
        const request_figures& from = *one.figures;
        for (std::size_t route = 0; route <= one.routes->routes().size(); ++route) {
            counts_of_statuses& counts = requests[one.routes->path_of(route)];
            for (std::size_t i = 0; i != counts.size(); ++i)
                counts[i] += from.requests[route][i].value();
        }
        for (std::size_t i = 0; i != refusals.size(); ++i)
            refusals[i] += from.refusals[i].value();
        in_all.add(from.in_all);
        disk.add(from.disk);
        accepted += from.accepted.value();
        streams += from.streams.value();
    }
};

// A status that did not occur is left out, but for that of a success: so each path is there.
void append_requests(const sums& all, std::string& out) {
    append_metric_head(out, "coffer_http_requests_total", "counter",
                       "Replies, by the path of the route and the status.");
    std::string labels;
    for (const auto& [path, counts] : all.requests)
        for (std::size_t i = 0; i != counts.size(); ++i) {
            if (counts[i] == 0 && counted_statuses[i] != 200)
                continue;
            labels.assign(R"(route=")").append(path).append(R"(",status=")");
            append_number(labels, counted_statuses[i]);
            append_sample(out, "coffer_http_requests_total", labels += '"', counts[i]);
        }
}

void append_refusals(const sums& all, std::string& out) {
    append_metric_head(out, "coffer_http_refusals_total", "counter",
                       "Refusals, by the type of the error.");
    std::map<std::string_view, std::uint64_t> by_type;
    for (std::size_t i = 1; i != all.refusals.size(); ++i)
        by_type[api::describe(static_cast<api::problem>(i)).type] += all.refusals[i];
    for (const auto& [type, count] : by_type)
        append_sample(out, "coffer_http_refusals_total",
                      std::string{R"(reason=")"}.append(type) + '"', count);
}

}  // namespace

void append_worker_figures(const registered<worker_signs>& workers,
                           const http::admission& admission, std::string& out) {
    const auto all = std::make_unique<sums>();
    workers.visit([&all](const worker_signs& one) { all->add(one); });
    append_requests(*all, out);
    append_refusals(*all, out);
    append_histogram(out, "coffer_http_request_seconds",
                     "From the read that completed a request until its reply was sent.",
                     all->in_all, 1e9);
    append_histogram(out, "coffer_http_disk_wait_seconds",
                     "How long replies waited for the disk, of those that did.", all->disk, 1e9);
    append_metric(out, "coffer_connections", "gauge", "Connections that are open.",
                  std::uint64_t{admission.admitted()});
    append_metric(out, "coffer_connections_accepted_total", "counter",
                  "Connections that were accepted.", all->accepted);
    append_metric(out, "coffer_http_streams", "gauge",
                  "Replies under way that are streams: lists, statements, events.", all->streams);
}

bool loop_pulse::is_well() const noexcept {
    const std::uint64_t at = at_.value();
    return at == ended ||
           std::chrono::nanoseconds{static_cast<std::int64_t>(now_ns() - at)} < patience;
}

}  // namespace coffer::http
