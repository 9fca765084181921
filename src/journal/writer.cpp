#include "journal/writer.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "journal/ledger_clock.hpp"
#include "ops/log.hpp"

namespace coffer::journal {
namespace {

/// How much room the log must have so that everything fits that lanes of this size can hold.
constexpr std::size_t room_for(std::size_t lane_bytes, std::size_t max_batch_bytes) noexcept {
    static_assert(format::record::min_bytes + format::batch::min_bytes <=
                  writer::room_factor * format::record::min_bytes);
    // A batch that does not fit at the end of a segment goes to the next, and leaves a gap.
    return writer::room_factor * lane_bytes + max_batch_bytes;
}

}  // namespace

writer::writer(coffer::ledger& ledger, batch_log& log, options chosen)
    : log_{log},
      chosen_{std::move(chosen)},
      committer_{ledger, log, made_lanes(), chosen_.now, chosen_.confirms_markers},
      room_bytes_{room_for(lanes_.empty() ? 0 : lanes_.size() * lanes_[0]->capacity(),
                           log.max_batch_bytes())},
      room_{log, room_bytes_, chosen_.retry_room},
      place_{log, chosen_.check_place, [this](const std::string& why) { fail(why); }} {
    require_room(log, lanes_.size(), lanes_.empty() ? 0 : lanes_[0]->capacity());
    thread_ = std::thread{[this] { run(); }};
}

void writer::require_room(const batch_log& log, std::size_t lanes, std::size_t lane_bytes) {
    if (room_for(lanes * lane_bytes, log.max_batch_bytes()) > log.max_room_bytes())
        throw std::invalid_argument{"the journal's segments are too small for lanes of this size"};
}

std::vector<lane*> writer::made_lanes() {
    std::vector<lane*> made;
    for (const auto& on_durable : chosen_.on_durable) {
        lanes_.push_back(std::make_unique<lane>(chosen_.lane_bytes, signal_, on_durable));
        made.push_back(lanes_.back().get());
    }
    return made;
}

batch_stamp writer::system_times() {
    const time_sources system = time_sources::of_system();
    return {.time_ns = system.wall_ns(), .running_ns = system.monotonic_ns()};
}

void writer::run() noexcept {
    try {
        work();
    } catch (const std::exception& error) {
        fail(error.what());
    }
    // Release, as in fail: pairs with the acquire in barrier.
    ended_.store(true, std::memory_order_release);
}

void writer::work() {
    for (;;) {
        // Read before the lanes: what was in them when it was set is then collected.
        const bool last = stopping_.load(std::memory_order_acquire);
        switch (turn()) {
            case committer::progress::failed:
                return fail(committer_.failure());
            case committer::progress::no_room:
                // Rare: a lane takes records only while there is room for them.
                lacks_room_.store(true, std::memory_order_relaxed);
                if (last && has_waited_too_long())
                    return fail("there is no room for the last postings");
                room_.poke();
                wait_for_log();
                break;
            case committer::progress::unknown:
                lacks_room_.store(false, std::memory_order_relaxed);
                if (last && has_waited_too_long())
                    return fail("the log does not tell whether the last postings are durable");
                keep_room();  // the batch may have to be appended again, and lack room
                wait_for_log();
                break;
            case committer::progress::idle:
                if (last) {
                    // Without room or an answer it ends without the mark of an orderly end.
                    if (committer_.close() == committer::progress::failed)
                        fail(committer_.failure());
                    return;
                }
                sleep();
                break;
            default:
                lacks_room_.store(false, std::memory_order_relaxed);
                note_progress();
                keep_room();
        }
    }
}

void writer::wait_for_log() const noexcept {
    std::this_thread::sleep_for(std::min(chosen_.retry_room, std::chrono::milliseconds{10}));
}

void writer::keep_room() noexcept {
    if (!log_.has_room_ahead())
        room_.poke();
}

std::size_t writer::budget_in(std::size_t room_bytes) const noexcept {
    const std::size_t fair =
        lanes_.empty() ? room_bytes : room_bytes / small_room_factor / lanes_.size();
    return fair >= lane::min_bytes ? fair : 0;
}

std::chrono::nanoseconds writer::pending_for() const noexcept {
    const auto since = committer_.pending_since();
    return since.time_since_epoch().count() == 0 ? std::chrono::nanoseconds{0}
                                                 : committer::running_clock::now() - since;
}

bool writer::has_waited_too_long() const noexcept {
    return pending_for() >= chosen_.disk_timeout;
}

void writer::check_progress() noexcept {
    const auto since = committer_.pending_since().time_since_epoch().count();
    if (since == 0 || lacks_room_.load(std::memory_order_relaxed) || !has_waited_too_long())
        return;
    // If it has become durable meanwhile, this marks no pending batch, and so means nothing.
    if (hanging_since_.exchange(since, std::memory_order_relaxed) == 0)
        log::error("the disk has not answered for {} ms: postings are refused until it does",
                   chosen_.disk_timeout.count());
}

void writer::note_progress() noexcept {
    if (hanging_since_.load(std::memory_order_relaxed) == 0)
        return;
    hanging_since_.store(0, std::memory_order_relaxed);
    log::info("the disk answers again: postings are accepted");
}

committer::progress writer::turn() {
    committer::progress found = committer_.collect();
    if (found != committer::progress::collected)
        return found;
    if (chosen_.commit_wait.count() > 0) {
        std::this_thread::sleep_for(chosen_.commit_wait);
        found = committer_.collect();
        if (found == committer::progress::failed)
            return found;
    }
    return committer_.commit();
}

// An entry that waits for its predecessor does not keep the thread awake: the worker that made the
// predecessor is still between begin and end, and its end wakes the thread.
void writer::sleep() noexcept {
    signal_.prepare();
    if (committer_.anything_new() || stopping_.load(std::memory_order_seq_cst)) {
        signal_.cancel();
        return;
    }
    signal_.sleep();
}

void writer::fail(const std::string& why) noexcept {
    // Release: pairs with the acquire in failed and barrier.
    if (!failed_.exchange(true, std::memory_order_acq_rel) && chosen_.on_failure)
        chosen_.on_failure(why);
}

std::optional<std::uint64_t> writer::barrier() noexcept {
    for (const auto& one : lanes_) {
        const lane_ticket ticket = one->barrier();
        while (!one->is_durable(ticket)) {
            // Acquire: pairs with the releases in fail and run. Before the lane is looked at again.
            const bool over = failed() || ended_.load(std::memory_order_acquire);
            check_progress();
            if ((over || has_waited_too_long()) && !one->is_durable(ticket))
                return std::nullopt;
            std::this_thread::sleep_for(std::chrono::microseconds{100});
        }
    }
    return durable_record();
}

void writer::begin_to_stop() noexcept {
    // Sequentially consistent, like what a producer publishes: see wake_signal.
    stopping_.store(true, std::memory_order_seq_cst);
    signal_.wake();
}

bool writer::stop() noexcept {
    if (thread_.joinable()) {
        begin_to_stop();
        thread_.join();
    }
    return !failed();
}

bool writer::stop_by(std::chrono::steady_clock::time_point deadline) noexcept {
    constexpr std::chrono::seconds patience{1};
    begin_to_stop();
    // Acquire, as in barrier.
    while (!ended_.load(std::memory_order_acquire)) {
        if (std::chrono::steady_clock::now() >= deadline && pending_for() >= patience)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return true;
}

}  // namespace coffer::journal
