#include "replication/replication_figures.hpp"

#include "ops/metric_text.hpp"

namespace coffer::replication {
namespace {

void append_leader(const replication_figures::leader& now, std::string& out) {
    histogram_sum<latency_bounds> times;
    times.add(now.log.append_times());
    append_histogram(out, "coffer_replication_append_seconds",
                     "How long an entry took to be in the log.", times, 1e9);
    append_metric(out, "coffer_replication_unknown_outcomes_total", "counter",
                  "Appends without an answer that says what became of them.",
                  now.log.unknown_outcomes());
    append_metric(out, "coffer_replication_tail_bytes", "gauge",
                  "Bytes of the log that are in the store.", now.tail_bytes);
    append_metric(out, "coffer_replication_removed_entries_total", "counter",
                  "Entries of the log that were removed from the store.", now.removed);
    append_metric(out, "coffer_replication_store_bytes", "gauge",
                  "Size of the store's database, of the member that has most.",
                  now.store.database_bytes);
    append_metric(out, "coffer_replication_store_used_bytes", "gauge",
                  "What of it is in use: the rest is used again.", now.store.used_bytes);
    append_metric(out, "coffer_replication_store_quota_bytes", "gauge", "How large it may become.",
                  now.store.quota_bytes);
    append_metric(out, "coffer_replication_store_has_room", "gauge",
                  "Whether the store has room for postings (1 or 0).",
                  std::uint64_t{now.has_room ? 1U : 0U});
}

}  // namespace

void append(const replication_figures& now, std::string& out) {
    append_metric(out, "coffer_replication_term", "gauge",
                  "The number of the leader's term; 0 where there is no leader.", now.term);
    append_metric(out, "coffer_replication_members", "gauge",
                  "Nodes that count for the majority that must have synced what is removed.",
                  std::uint64_t{now.members});
    append_metric(out, "coffer_replication_store_alarm", "gauge",
                  "Whether the store has raised its alarm of a full quota (1 or 0).",
                  std::uint64_t{now.is_alarmed ? 1U : 0U});
    if (now.leading)
        append_leader(*now.leading, out);
}

}  // namespace coffer::replication
