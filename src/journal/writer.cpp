#include "journal/writer.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

namespace coffer::journal {
namespace {

/// How much the log must have room for, so that all that lanes of so many bytes can hold fits.
constexpr std::size_t room_for(std::size_t lane_bytes, std::size_t max_batch_bytes) noexcept {
    static_assert(format::record::min_bytes + format::batch::min_bytes <=
                  writer::room_factor * format::record::min_bytes);
    // What does not fit at the end of one segment goes to the next, and leaves a gap.
    return writer::room_factor * lane_bytes + max_batch_bytes;
}

}  // namespace

writer::writer(ledger& books, batch_log& log, options chosen)
    : log_{log},
      chosen_{std::move(chosen)},
      committer_{books, log, made_lanes(), chosen_.now},
      room_bytes_{room_for(lanes_.empty() ? 0 : lanes_.size() * lanes_[0]->capacity(),
                           log.max_batch_bytes())},
      room_{log, room_bytes_, chosen_.retry_room},
      place_{log, chosen_.check_place, [this](const std::string& why) { fail(why); }} {
    if (room_bytes_ > log.max_room_bytes())
        throw std::invalid_argument{"the journal's segments are too small for lanes of this size"};
    thread_ = std::thread{[this] { run(); }};
}

std::vector<lane*> writer::made_lanes() {
    std::vector<lane*> made;
    for (const auto& on_durable : chosen_.on_durable) {
        lanes_.push_back(std::make_unique<lane>(chosen_.lane_bytes, signal_, on_durable));
        made.push_back(lanes_.back().get());
    }
    return made;
}

std::uint64_t writer::wall_clock() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
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
        // Before the lanes are looked at: what was in them when it was set is collected then.
        const bool last = stopping_.load(std::memory_order_acquire);
        take_over();
        const committer::progress found = turn();
        hand_over();
        switch (found) {
            case committer::progress::failed:
                return fail(committer_.failure());
            case committer::progress::no_room:
                // Seldom: room for all that the lanes hold was there when they took it.
                room_.poke();
                std::this_thread::sleep_for(
                    std::min(chosen_.retry_room, std::chrono::milliseconds{10}));
                break;
            case committer::progress::idle:
                if (last) {
                    take_over();
                    if (committer_.close() == committer::progress::failed)
                        fail(committer_.failure());
                    return hand_over();
                }
                sleep();
                break;
            default:
                see_to_room();
        }
    }
}

void writer::take_over() noexcept {
    // Sequentially consistent, here and in hand_over: see writer.hpp.
    while (at_work_.exchange(true, std::memory_order_seq_cst))
        at_work_.wait(true, std::memory_order_seq_cst);
}

void writer::hand_over() noexcept {
    at_work_.store(false, std::memory_order_seq_cst);
    at_work_.notify_one();
}

void writer::see_to_room() noexcept {
    if (!log_.has_room(log_.max_room_bytes()))
        room_.poke();
}

void writer::commit_here() noexcept {
    if (chosen_.commit_wait.count() != 0)
        return wake();
    if (at_work_.exchange(true, std::memory_order_seq_cst))
        return;
    const committer::progress found = turn_here();
    const bool anything_left =
        found == committer::progress::no_room || committer_.anything_waiting();
    hand_over();
    if (found == committer::progress::committed)
        see_to_room();
    if (anything_left || committer_.anything_new())
        wake();
}

committer::progress writer::turn_here() noexcept {
    try {
        const committer::progress found = turn();
        if (found == committer::progress::failed)
            fail(committer_.failure());
        return found;
    } catch (const std::exception& error) {
        fail(error.what());
        return committer::progress::failed;
    }
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

// An entry that waits for its predecessor does not keep the thread awake: the worker that has the
// predecessor is between begin and end, and its end wakes the thread.
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

std::optional<std::uint64_t> writer::barrier() const noexcept {
    for (const auto& one : lanes_) {
        const lane_ticket ticket = one->barrier();
        while (!one->is_durable(ticket)) {
            // Acquire: pairs with the releases in fail and run. Before the lane is looked at again.
            const bool over = failed() || ended_.load(std::memory_order_acquire);
            if (over && !one->is_durable(ticket))
                return std::nullopt;
            std::this_thread::sleep_for(std::chrono::microseconds{100});
        }
    }
    return durable_record();
}

bool writer::stop() noexcept {
    if (thread_.joinable()) {
        // Sequentially consistent, like what a producer publishes: see wake_signal.
        stopping_.store(true, std::memory_order_seq_cst);
        signal_.wake();
        thread_.join();
    }
    return !failed();
}

}  // namespace coffer::journal
