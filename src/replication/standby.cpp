#include "replication/standby.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "ops/log.hpp"
#include "ops/stopping.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer::replication {

using journal::log_errc;
using journal::log_status;

standby::standby(engine& into, local_files& files, std::filesystem::path snapshots, options chosen)
    : engine_{into},
      files_{files},
      snapshots_{std::move(snapshots)},
      chosen_{std::move(chosen)},
      keys_{into.keys()} {}

standby::~standby() = default;

std::string standby::open() {
    journal::log_store& store = *files_.store;
    const auto visit_keys = [this](const journal::record& one, const journal::batch_stamp& of,
                                   std::uint64_t number) { keys_.add(one, of, number); };
    const std::unique_ptr<journal::new_history> history = store.begin_history();
    const std::unique_ptr<const journal::batch_source> written = store.read();
    engine_.keys().advance(written->running_ns_reached());
    recovered found = recover(*written, snapshots_,
                              std::chrono::nanoseconds{engine_.keys().life_ns()}, visit_keys);
    stopping::check();
    files_.log = store.open(found.end);
    // What can still fail does so here, and not when it is to lead.
    engine_.require_room(*files_.log);
    snapshot::snapshot_directory directory{snapshots_};
    stopping::check();
    std::unique_ptr<journal::history> past = history->finish(*files_.log);
    at_ = found.end;
    last_ = found.journal_end;
    copy_.emplace(*files_.log, chosen_.disk_timeout, true, chosen_.on_hang);
    replayer_.emplace(*found.ledger, visit_keys);
    replayer_->follow([this] { wait_for_a_cut(); });
    engine_.note_keys_wait_from(keys_.waits_from());
    engine_.open_standby(
        std::move(found.ledger), *files_.log,
        {.journal_end = found.journal_end,
         .last_record = found.last_record,
         .history = std::move(past),
         .snapshots = snapshots_,
         .disk_timeout = chosen_.disk_timeout,
         .wait_kept = [this](std::uint64_t record, std::chrono::steady_clock::time_point deadline) {
             return wait_kept(record, deadline);
         }});
    checkpoints_.emplace(engine_, std::move(directory), chosen_.checkpoints,
                         checkpointing::beginning{found.keys_from, found.covered_record});
    return found.from;
}

bool standby::take(const journal::batch_view& one) {
    if (!write(one))
        return false;
    const std::uint64_t last_record = one.after().next_record - 1;
    engine_.note_applying(last_record);
    struct end_of_wait {
        standby& of;
        ~end_of_wait() {
            if (of.waits_since_)
                of.checkpoints_->give_way(false);
            of.waits_since_.reset();
        }
    };
    {
        const end_of_wait at_exit{*this};
        replayer_->apply(one, "the log");
    }
    engine_.note_keys_wait_from(keys_.waits_from());
    at_ = one.after();
    last_ = one.header.stamp;
    engine_.note_applied(last_record, last_);
    return true;
}

/// A cut of this node's snapshot, which lasts as long as the disk takes to write it.
void standby::wait_for_a_cut() {
    constexpr std::chrono::milliseconds between_looks{1};
    constexpr std::chrono::seconds patience_with_a_snapshot{10};
    const auto now = std::chrono::steady_clock::now();
    if (!waits_since_)
        waits_since_ = now;
    if ((on_wait_ && on_wait_()) || now - *waits_since_ >= patience_with_a_snapshot)
        checkpoints_->give_way(true);
    std::this_thread::sleep_for(between_looks);
}

/// False if there is no room.
bool standby::write(const journal::batch_view& one) {
    if (!files_.log->has_room(one.bytes.size()) || !files_.log->has_room_ahead())
        if (const log_status made = copy_->make_room(one.bytes.size());
            !made && made.error != log_errc::no_room)
            throw files_failed{made.reason};
    const log_status status = copy_->write(one);
    if (!status && status.error != log_errc::no_room)
        throw files_failed{status.reason};
    return static_cast<bool>(status);
}

journal::batch_stamp standby::end() {
    const std::uint64_t last_record = at().next_record - 1;
    if (!copy_->wait_synced(last_record, std::chrono::steady_clock::now() + chosen_.disk_timeout))
        throw files_failed{"the disk does not answer within --disk-timeout"};
    {
        const std::lock_guard lock{copy_guard_};
        synced_at_end_ = last_record;
        copy_.reset();
    }
    keys_.finish(last_.running_ns);
    engine_.note_keys_wait_from(keys_.waits_from());
    replayer_.reset();
    return last_;
}

std::uint64_t standby::synced_record() const noexcept {
    const std::lock_guard lock{copy_guard_};
    return copy_ ? copy_->synced_record() : synced_at_end_;
}

bool standby::wait_kept(std::uint64_t record, std::chrono::steady_clock::time_point deadline) {
    constexpr std::chrono::milliseconds at_once{20};  // for which end may have to wait
    constexpr std::chrono::milliseconds for_others{1};
    for (;;) {
        const auto now = std::chrono::steady_clock::now();
        {
            const std::lock_guard lock{copy_guard_};
            if (!copy_)
                return record <= synced_at_end_;
            if (copy_->wait_synced(record, std::min(deadline, now + at_once)))
                return true;
        }
        if (now >= deadline)
            return false;
        std::this_thread::sleep_for(for_others);  // a mutex is not fair
    }
}

}  // namespace coffer::replication
