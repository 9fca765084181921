#include "engine/durable_ledger.hpp"

#include <memory>
#include <utility>

#include "engine/first_start.hpp"
#include "engine/recovery.hpp"
#include "ops/metric_text.hpp"
#include "ops/stopping.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer {

durable_ledger::durable_ledger(engine& into, journal::log_store& store,
                               std::filesystem::path snapshots, options chosen)
    : engine_{into}, store_{store}, snapshots_{std::move(snapshots)}, chosen_{std::move(chosen)} {}

std::string durable_ledger::open(const std::function<void()>& before_open) {
    const auto begin = std::chrono::steady_clock::now();
    const bool is_first_start = !store_.has_log();
    if (is_first_start)
        begin_journal(store_, snapshots_, chosen_.accounts);
    const std::unique_ptr<journal::new_history> history = store_.begin_history();
    key_recovery keys{engine_.keys()};
    const std::unique_ptr<const journal::batch_source> written = store_.read();
    engine_.keys().advance(written->running_ns_reached());
    recovered found =
        recover(*written, snapshots_, std::chrono::nanoseconds{engine_.keys().life_ns()},
                [&keys](const journal::record& one, const journal::batch_stamp& of,
                        std::uint64_t number) { keys.add(one, of, number); });
    keys.finish(found.journal_end.running_ns);
    stopping::check();
    std::unique_ptr<journal::batch_log> log = store_.open(found.end);
    // What can still fail does so here, and not while clients are served.
    engine_.require_room(*log);
    snapshot::snapshot_directory directory{snapshots_};
    stopping::check();
    std::unique_ptr<journal::history> found_again = history->finish(*log);
    before_open();
    engine_.open(std::move(found.ledger), std::move(log),
                 {.commit_wait = chosen_.commit_wait,
                  .disk_timeout = chosen_.disk_timeout,
                  .journal_end = found.journal_end,
                  .history = std::move(found_again),
                  .snapshots = snapshots_,
                  .on_failure = chosen_.on_failure});
    checkpoints_.emplace(engine_, std::move(directory), chosen_.checkpoints,
                         checkpointing::beginning{found.keys_from, found.covered_record});
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    recovery_time_ = engine_.signs().metrics.add([seconds = took.count()](std::string& out) {
        append_metric(out, "coffer_recovery_seconds", "gauge",
                      "How long this start took until the ledger was open.", seconds);
    });
    return is_first_start ? chosen_.accounts.origin() : found.from;
}

durable_ledger::ending durable_ledger::close_by(std::chrono::steady_clock::time_point deadline,
                                                std::chrono::milliseconds patience) noexcept {
    if (!engine_.close_by(deadline))
        return ending::journal_hangs;
    if (!engine_.close())
        return ending::journal_failed;
    if (checkpoints_ && !checkpoints_->stop_unless_stuck(patience))
        return ending::snapshot_hangs;
    if (!engine_.end_history_by(deadline))
        return ending::history_hangs;
    return ending::done;
}

}  // namespace coffer
