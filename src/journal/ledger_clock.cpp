#include "journal/ledger_clock.hpp"

#include <time.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "ops/log.hpp"
#include "ops/utc_time.hpp"

namespace coffer::journal {
namespace {

constexpr std::uint64_t ns_a_second = 1'000'000'000;
constexpr std::uint64_t day_ns = 86'400 * ns_a_second;
constexpr std::uint64_t most_ppm = 500;
constexpr std::uint64_t ppm_whole = 1'000'000;
constexpr std::int64_t step_from_ns = 128'000'000;
// A clock that is not followed may be adjusted by this much, and is still not followed at the next
// start.
constexpr std::uint64_t drift_ns = 60 * ns_a_second;

std::uint64_t read_clock(clockid_t which) {
    timespec now{};
    ::clock_gettime(which, &now);
    // A clock before 1970 is a clock that is not set.
    return static_cast<std::uint64_t>(std::max<std::int64_t>(now.tv_sec, 0)) * ns_a_second +
           static_cast<std::uint64_t>(now.tv_nsec);
}

std::string text_of(std::uint64_t time_ns) {
    constexpr std::string_view to_the_second = "2026-11-23T15:00:00";
    return to_utc_text(time_ns).substr(0, to_the_second.size()) + 'Z';
}

/// By how much record time is drawn to the system's clock in this time at most.
constexpr std::uint64_t most_drawn_ns(std::uint64_t elapsed_ns) noexcept {
    return elapsed_ns / ppm_whole * most_ppm + elapsed_ns % ppm_whole * most_ppm / ppm_whole;
}

std::int64_t seconds_of(std::int64_t ns) noexcept {
    return ns / static_cast<std::int64_t>(ns_a_second);
}

}  // namespace

time_sources time_sources::of_system() {
    return {[] { return read_clock(CLOCK_REALTIME); }, [] { return read_clock(CLOCK_MONOTONIC); }};
}

ledger_clock::ledger_clock(options chosen, time_sources from)
    : options_{chosen},
      from_{std::move(from)},
      monotonic_base_ns_{from_.monotonic_ns()},
      record_ns_{std::max(from_.wall_ns(), options_.earliest_ns)},
      advanced_at_ns_{monotonic_base_ns_},
      trust_{record_ns_ == options_.earliest_ns ? trust::not_set : trust::followed} {
    publish();
}

void ledger_clock::begin(const batch_stamp& journal_end) {
    const std::lock_guard lock{guard_};
    take_up(journal_end);
    publish();
}

void ledger_clock::take_over(const batch_stamp& journal_end, std::chrono::nanoseconds ago) {
    const std::lock_guard lock{guard_};
    resume_running_time(journal_end);
    record_ns_ = journal_end.time_ns + static_cast<std::uint64_t>(std::max(ago.count(), 0L));
    trust_ = trust::followed;
    follow(ahead_of_record(std::min(from_.wall_ns(), options_.latest_ns + 1)), 0);
    publish();
}

void ledger_clock::resume_running_time(const batch_stamp& journal_end) {
    running_base_ns_ = journal_end.running_ns;
    monotonic_base_ns_ = advanced_at_ns_ = from_.monotonic_ns();
    latest_running_ns_.store(running_base_ns_, std::memory_order_relaxed);
}

void ledger_clock::take_up(const batch_stamp& journal_end) {
    const std::uint64_t wall_ns = from_.wall_ns();
    resume_running_time(journal_end);
    if (wall_ns < std::max(journal_end.time_ns, options_.earliest_ns) ||
        wall_ns > options_.latest_ns)
        return begin_without_clock(journal_end, wall_ns);
    const std::uint64_t ahead_ns = wall_ns - journal_end.time_ns;
    const std::int64_t refused_ns = journal_end.clock_offset_ns;
    if (!options_.accept_clock && refused_ns > options_.max_step.count() &&
        ahead_ns + drift_ns >= static_cast<std::uint64_t>(refused_ns)) {
        record_ns_ = journal_end.time_ns;
        return distrust(ahead_of_record(wall_ns));
    }
    record_ns_ = wall_ns;
    trust_ = trust::followed;
    if (journal_end.time_ns != 0 && ahead_ns > day_ns)
        log::warn(
            "the clock says {}, more than a day after the journal's end at {}: it is followed",
            text_of(wall_ns), text_of(journal_end.time_ns));
}

/// Begins with a system's clock that is not plausible.
void ledger_clock::begin_without_clock(const batch_stamp& journal_end, std::uint64_t wall_ns) {
    record_ns_ = std::max(journal_end.time_ns, options_.earliest_ns);
    const bool is_accepted = options_.accept_clock && wall_ns <= options_.latest_ns;
    trust_ = is_accepted ? trust::followed : trust::not_set;
    const char* const then = is_accepted
                                 ? "record time goes on from there until the clock has caught up"
                                 : "record time goes on from there until the clock is set";
    if (journal_end.time_ns != 0)
        log::warn("the clock says {}, and the journal ends at {}: {}", text_of(wall_ns),
                  text_of(journal_end.time_ns), then);
    else
        log::warn("the clock says {}, and this release is of {}: {}", text_of(wall_ns),
                  text_of(options_.earliest_ns), then);
}

batch_stamp ledger_clock::stamp() {
    const std::lock_guard lock{guard_};
    const std::uint64_t monotonic_ns = from_.monotonic_ns();
    const std::uint64_t wall_ns = std::min(from_.wall_ns(), options_.latest_ns + 1);
    advance(monotonic_ns, wall_ns);
    publish();
    return {.time_ns = record_ns_,
            .running_ns = running_ns(),
            .clock_offset_ns = ahead_of_record(wall_ns)};
}

/// Publishes the point that record time has reached. Under the guard.
void ledger_clock::publish() noexcept {
    const std::uint64_t next = published_.load(std::memory_order_relaxed) + 1;  // written here only
    point& one = points_[next % points_.size()];
    // Release: a thread that reads this where an older point was reads a later count, too.
    one.record_ns.store(record_ns_, std::memory_order_release);
    one.monotonic_ns.store(advanced_at_ns_, std::memory_order_release);
    // Release: pairs with the acquire in record_ns, so that the point is complete.
    published_.store(next, std::memory_order_release);
}

// Lock-free: a point changes only while the count goes on, which is another thread's progress.
std::uint64_t ledger_clock::record_ns() const noexcept {
    for (;;) {
        // Acquire: pairs with the release of the count in publish.
        const std::uint64_t count = published_.load(std::memory_order_acquire);
        const point& last = points_[count % points_.size()];
        // Acquire: pairs with the release of the point in publish; if this is a part of the next
        // but one, the count has changed.
        const std::uint64_t from_ns = last.record_ns.load(std::memory_order_acquire);
        const std::uint64_t at_ns = last.monotonic_ns.load(std::memory_order_acquire);
        if (published_.load(std::memory_order_relaxed) != count)  // after the acquires above
            continue;
        const std::uint64_t now_ns = from_.monotonic_ns();
        const std::uint64_t elapsed_ns = now_ns - std::min(now_ns, at_ns);
        return from_ns + elapsed_ns - most_drawn_ns(elapsed_ns);
    }
}

std::uint64_t ledger_clock::running_ns() const noexcept {
    const std::uint64_t now_ns = from_.monotonic_ns();
    const std::uint64_t read_ns =
        running_base_ns_ + (now_ns - std::min(now_ns, monotonic_base_ns_));
    std::uint64_t latest_ns = latest_running_ns_.load(std::memory_order_relaxed);
    while (latest_ns < read_ns &&
           !latest_running_ns_.compare_exchange_weak(latest_ns, read_ns, std::memory_order_relaxed,
                                                     std::memory_order_relaxed))
        ;
    return std::max(latest_ns, read_ns);
}

std::int64_t ledger_clock::ahead_of_record(std::uint64_t wall_ns) const noexcept {
    return static_cast<std::int64_t>(wall_ns - record_ns_);
}

/// Advances record time to the present.
void ledger_clock::advance(std::uint64_t monotonic_ns, std::uint64_t wall_ns) {
    const std::uint64_t elapsed_ns = monotonic_ns - std::min(monotonic_ns, advanced_at_ns_);
    advanced_at_ns_ = std::max(monotonic_ns, advanced_at_ns_);
    record_ns_ += elapsed_ns;
    follow(ahead_of_record(wall_ns), elapsed_ns);
}

void ledger_clock::follow(std::int64_t ahead_ns, std::uint64_t elapsed_ns) {
    const auto drawn_ns = static_cast<std::int64_t>(most_drawn_ns(elapsed_ns));
    if (ahead_ns < 0)
        return fall_back(-ahead_ns, drawn_ns);
    if (trust_ == trust::not_set) {
        if (ahead_of_record(options_.latest_ns) < ahead_ns)
            return;
        if (ahead_ns > step_from_ns)
            log::info("the clock has been set: record time goes on {} s later",
                      seconds_of(ahead_ns));
        record_ns_ += static_cast<std::uint64_t>(ahead_ns);
        trust_ = trust::followed;
        return;
    }
    if (ahead_ns > options_.max_step.count() || ahead_ns > ahead_of_record(options_.latest_ns))
        return distrust(ahead_ns);
    if (trust_ == trust::too_far)
        log::info("the clock is within --max-clock-step again: record time follows it");
    trust_ = trust::followed;
    if (ahead_ns > step_from_ns)
        log::info("the clock was set ahead by {} s: record time follows it", seconds_of(ahead_ns));
    record_ns_ += static_cast<std::uint64_t>(
        ahead_ns > step_from_ns ? ahead_ns : std::min(drawn_ns, ahead_ns));
}

/// The clock is behind: record time advances a little slower than it, until they agree.
void ledger_clock::fall_back(std::int64_t behind_ns, std::int64_t drawn_ns) {
    record_ns_ -= static_cast<std::uint64_t>(std::min(drawn_ns, behind_ns));
    if (trust_ == trust::not_set)
        return;
    const bool far = behind_ns > step_from_ns;
    if (far && trust_ != trust::behind)
        log::warn("the clock was set back by {} s: record time does not go back, it goes on slowly",
                  seconds_of(behind_ns));
    trust_ = far ? trust::behind : trust::followed;
}

void ledger_clock::distrust(std::int64_t ahead_ns) {
    if (trust_ == trust::too_far)
        return;
    trust_ = trust::too_far;
    const std::uint64_t wall_ns = record_ns_ + static_cast<std::uint64_t>(ahead_ns);
    log::warn(
        "the clock says {}, {} s ahead of record time, {}: that is more than --max-clock-step, and "
        "is not followed; if that clock is right, start again with --accept-clock",
        text_of(wall_ns), seconds_of(ahead_ns), text_of(record_ns_));
}

}  // namespace coffer::journal
