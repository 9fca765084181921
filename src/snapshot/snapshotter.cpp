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
      newest_{covered_record_ ? directory_.latest() : std::nullopt},
      thread_{[this] { run(); }} {}

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
    attempt();
    {
        const std::lock_guard lock{mutex_};
        is_done_ = true;
    }
    changed_.notify_all();
}

bool snapshotter::wait() noexcept {
    std::unique_lock lock{mutex_};
    const auto stopping = [this] { return stopping_; };
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

void snapshotter::attempt() noexcept {
    try {
        if (!is_covered())
            write();
    } catch (const std::exception& error) {
        report_failure(error.what());
    }
    if (marks_.on_attempt)
        marks_.on_attempt();
}

/// Whether the newest snapshot still exists and covers every durable record.
bool snapshotter::is_covered() const {
    return covered_record_ && *covered_record_ == marks_.durable_record() &&
           directory_.latest() == newest_;
}

void snapshotter::write() {
    const clock::time_point begin = clock::now();
    const written_snapshot written = write_snapshot(ledger_, directory_, chosen_.keep, marks_);
    covered_record_ = written.after_record;
    newest_ = written.file;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begin);
    taken_.fetch_add(1, std::memory_order_relaxed);  // as in taken
    log::info("snapshot {}: {} accounts, {} ms", written.file.native(), written.accounts,
              took.count());
    if (failed_in_a_row_ != 0)
        log::info("snapshots work again, after {} that failed", failed_in_a_row_);
    failed_in_a_row_ = 0;
}

void snapshotter::report_failure(const char* reason) noexcept {
    ++failed_in_a_row_;
    const std::uint64_t failures = failed_.fetch_add(1, std::memory_order_relaxed) + 1;  // likewise
    log::error("a snapshot failed, {} so far: {}", failures, reason);
}

}  // namespace coffer::snapshot
