#include "engine/checkpointing.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "engine/engine.hpp"
#include "ops/metric_text.hpp"

namespace coffer {

checkpointing::checkpointing(engine& of, snapshot::snapshot_directory snapshots,
                             const options& chosen, const beginning& begin)
    : follower_{chosen.follower},
      retention_{*of.log(),
                 snapshots.path(),
                 {.retain = chosen.retain, .running_ns = [&of] { return of.running_ns(); }}},
      horizon_{begin.keys_from, std::chrono::nanoseconds{of.keys().life_ns()}},
      snapshotter_{of.ledger(),
                   std::move(snapshots),
                   {chosen.every, chosen.keep, begin.covered_record},
                   marks(of)},
      engine_{of},
      figures_{of.signs().metrics.add([this](std::string& out) { append_figures(out); })} {
    of.snapshots_are_taken_by(&snapshotter_);
}

checkpointing::~checkpointing() {
    engine_.snapshots_are_taken_by(nullptr);
}

void checkpointing::append_figures(std::string& out) const {
    const auto seconds = [](auto time) { return std::chrono::duration<double>{time}.count(); };
    const auto age = snapshotter_.age();
    append_metric(out, "coffer_snapshot_age_seconds", "gauge",
                  "How old the newest snapshot is; +Inf where there is none.",
                  age ? fmt::format("{:.3f}", seconds(*age)) : std::string{"+Inf"});
    append_metric(out, "coffer_snapshot_last_seconds", "gauge",
                  "How long the last snapshot took; 0 before the first of this start.",
                  seconds(snapshotter_.last_took()));
    histogram_sum<latency_bounds> times;
    times.add(snapshotter_.times());
    append_histogram(out, "coffer_snapshot_seconds", "How long snapshots took.", times, 1e9);
    append_metric(out, "coffer_snapshots_total", "counter", "Snapshots taken.", taken());
    append_metric(out, "coffer_snapshots_failed_total", "counter", "Snapshots that failed.",
                  failed());
}

snapshot::journal_marks checkpointing::marks(engine& of) {
    return {.ledger = of.log()->ledger(),
            .durable_record =
                [this, &of] {
                    const std::uint64_t durable = of.durable_record();
                    return follower_.cover ? follower_.cover(durable) : durable;
                },
            .keys_from =
                [this, &of](std::uint64_t durable_record) {
                    const std::uint64_t known = of.keys_known_to(durable_record);  // before living
                    return horizon_.keys_from(known, of.keys().living());
                },
            .barrier = [&of] { return of.barrier(); },
            .on_attempt =
                [this, &of] {
                    // A clock that jumps is noticed here even while nobody posts.
                    static_cast<void>(of.time_ns());
                    // After a failed snapshot too: on a full disk, trimming makes room for the
                    // next.
                    retention_.trim();
                    if (follower_.on_end)
                        follower_.on_end();
                },
            .time_ns = [&of] { return of.time_ns(); },
            .must_give_way = [this] { return gives_way_.load(std::memory_order_relaxed); }};
}

}  // namespace coffer
