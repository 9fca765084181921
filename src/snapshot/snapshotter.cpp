#include "snapshot/snapshotter.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "ops/file_calls.hpp"
#include "ops/log.hpp"
#include "snapshot/snapshot_writer.hpp"

namespace coffer::snapshot {
namespace {

// An upper bound of the period, so that adding it to a time does not overflow.
constexpr std::chrono::milliseconds longest_wait = std::chrono::hours{24 * 365};

// How often stop_unless_stuck checks whether the disk has answered.
constexpr std::chrono::milliseconds look_again{50};

}  // namespace

snapshotter::snapshotter(coffer::ledger& ledger, snapshot_directory directory, options chosen,
                         journal_marks marks)
    : ledger_{ledger},
      directory_{std::move(directory)},
      chosen_{std::min(chosen.every, longest_wait), chosen.keep, {}},
      marks_{std::move(marks)},
      due_{clock::now() + chosen_.every},
      covered_record_{chosen.covered_record},
      newest_{covered_record_ ? directory_.latest() : std::nullopt} {
    note_newest();
    thread_ = std::thread{[this] { run(); }};
}

// By the time of the file, which is near enough.
void snapshotter::note_newest() noexcept {
    try {
        const auto newest = directory_.latest();
        if (!newest)
            return;
        const auto age = std::filesystem::file_time_type::clock::now() -
                         std::filesystem::last_write_time(*newest);
        const auto at = clock::now() - std::chrono::duration_cast<clock::duration>(age);
        taken_at_.store(at.time_since_epoch().count(), std::memory_order_relaxed);
    } catch (const std::exception&) {  // it is as if there were none
    }
}

std::optional<snapshotter::clock::duration> snapshotter::age() const noexcept {
    // Relaxed: a moment, which orders nothing.
    const clock::rep at = taken_at_.load(std::memory_order_relaxed);
    if (at == 0)
        return std::nullopt;
    return std::max(clock::now().time_since_epoch() - clock::duration{at}, clock::duration{0});
}

bool snapshotter::take_now(std::shared_ptr<snapshot_order> order) {
    {
        const std::lock_guard lock{mutex_};
        if (stopping_ || is_busy_ || order_ != nullptr)
            return false;
        order_ = std::move(order);
    }
    changed_.notify_all();
    return true;
}

void snapshotter::stop() noexcept {
    if (!thread_.joinable())
        return;
    request_stop();
    thread_.join();
}

bool snapshotter::stop_unless_stuck(std::chrono::milliseconds patience) noexcept {
    if (!thread_.joinable())
        return true;
    request_stop();
    {
        std::unique_lock lock{mutex_};
        // Relaxed: orders nothing.
        const auto returned = [this] { return returned_calls_.load(std::memory_order_relaxed); };
        std::uint64_t seen = returned();
        clock::time_point deadline = clock::now() + patience;
        while (!changed_.wait_for(lock, look_again, [this] { return is_done_; })) {
            if (const std::uint64_t now = returned(); now != seen) {
                seen = now;
                deadline = clock::now() + patience;
            } else if (clock::now() >= deadline) {
                return false;
            }
        }
    }
    thread_.join();
    return true;
}

void snapshotter::request_stop() noexcept {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
}

void snapshotter::run() noexcept {
    returned_calls = &returned_calls_;
    while (wait()) {
        const clock::time_point begin = clock::now();
        attempt();
        set_due(clock::now() - begin);
    }
    if (!is_abandoned_.load(std::memory_order_relaxed))
        attempt();
    {
        const std::lock_guard lock{mutex_};
        is_done_ = true;
    }
    changed_.notify_all();
}

bool snapshotter::wait() noexcept {
    std::unique_lock lock{mutex_};
    const auto stopping = [this] { return stopping_ || order_ != nullptr; };
    if (chosen_.every == std::chrono::milliseconds::zero())
        changed_.wait(lock, stopping);
    else
        changed_.wait_until(lock, due_, stopping);
    return !stopping_;
}

void snapshotter::set_due(clock::duration took) noexcept {
    // Periods that passed during a slow snapshot are skipped.
    const clock::duration pause = took > chosen_.every ? took : clock::duration::zero();
    due_ = std::max(due_ + chosen_.every, clock::now() + pause);
}

std::shared_ptr<snapshot_order> snapshotter::begin_attempt() noexcept {
    const std::lock_guard lock{mutex_};
    is_busy_ = true;
    return std::exchange(order_, nullptr);
}

void snapshotter::end_attempt(const std::shared_ptr<snapshot_order>& order) noexcept {
    {
        const std::lock_guard lock{mutex_};
        is_busy_ = false;
    }
    if (order != nullptr)
        order->end(failed_in_a_row_ == 0 ? snapshot_order::state::taken
                                         : snapshot_order::state::failed);
}

void snapshotter::attempt() noexcept {
    const std::shared_ptr<snapshot_order> order = begin_attempt();
    try {
        if (order != nullptr || !is_covered())
            write(order.get());
    } catch (const std::exception& error) {
        report_failure(error.what());
    }
    end_attempt(order);
    if (marks_.on_attempt)
        marks_.on_attempt();
}

/// Whether the newest snapshot still exists and covers every durable record.
bool snapshotter::is_covered() const {
    return covered_record_ && *covered_record_ == marks_.durable_record() &&
           directory_.latest() == newest_;
}

void snapshotter::write(snapshot_order* order) {
    const clock::time_point begin = clock::now();
    const written_snapshot written = write_snapshot(ledger_, directory_, chosen_.keep, marks_);
    covered_record_ = written.after_record;
    newest_ = written.file;
    const clock::duration took = clock::now() - begin;
    note_taken(written, took);
    if (order != nullptr) {
        order->name = written.file.filename().string();
        order->after_record = written.after_record;
        order->accounts = written.accounts;
        order->took = took;
    }
    if (failed_in_a_row_ != 0)
        log::info("snapshots work again, after {} that failed", failed_in_a_row_);
    failed_in_a_row_ = 0;
}

void snapshotter::note_taken(const written_snapshot& written, clock::duration took) {
    taken_.fetch_add(1, std::memory_order_relaxed);  // as in taken
    taken_at_.store(clock::now().time_since_epoch().count(), std::memory_order_relaxed);
    times_.record(latency_ns(took));
    last_took_.set(latency_ns(took));
    log::info("snapshot {}: {} accounts, {} ms", written.file.native(), written.accounts,
              std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
}

void snapshotter::report_failure(const char* reason) noexcept {
    ++failed_in_a_row_;
    const std::uint64_t failures = failed_.fetch_add(1, std::memory_order_relaxed) + 1;  // likewise
    log::error("a snapshot failed, {} so far: {}", failures, reason);
}

}  // namespace coffer::snapshot
