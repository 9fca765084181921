#include "engine/checkpointing.hpp"

#include <utility>

#include "engine/engine.hpp"

namespace coffer {

checkpointing::checkpointing(engine& of, snapshot::snapshot_directory snapshots,
                             const options& chosen, const beginning& begin)
    : follower_{chosen.follower},
      retention_{*of.log(),
                 snapshots.path(),
                 {.retain = chosen.retain,
                  .running_ns = [&clock = of.clock()] { return clock.running_ns(); }}},
      horizon_{begin.keys_from, std::chrono::nanoseconds{of.keys().life_ns()}},
      snapshotter_{of.ledger(),
                   std::move(snapshots),
                   {chosen.every, chosen.keep, begin.covered_record},
                   marks(of)} {}

snapshot::journal_marks checkpointing::marks(engine& of) {
    journal::writer& journal = *of.journal();
    journal::ledger_clock& clock = of.clock();
    return {.ledger = of.log()->ledger(),
            .durable_record =
                [this, &journal] {
                    const std::uint64_t durable = journal.durable_record();
                    return follower_.cover ? follower_.cover(durable) : durable;
                },
            .keys_from =
                [this, &keys = of.keys()](std::uint64_t durable_record) {
                    return horizon_.keys_from(durable_record, keys.living());
                },
            .barrier = [&journal] { return journal.barrier(); },
            .on_attempt =
                [this, &clock] {
                    // A clock that jumps is noticed here even while nobody posts.
                    static_cast<void>(clock.stamp());
                    // After a failed snapshot too: on a full disk, trimming makes room for the
                    // next.
                    retention_.trim();
                    if (follower_.on_end)
                        follower_.on_end();
                },
            .time_ns = [&clock] { return clock.stamp().time_ns; }};
}

}  // namespace coffer
