#include "audit/continuous_audit.hpp"

#include <time.h>  // NOLINT(modernize-deprecated-headers): clock_gettime

#include <algorithm>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include "journal/history.hpp"
#include "journal/interruption.hpp"
#include "ops/log.hpp"
#include "ops/low_priority.hpp"
#include "ops/metric_text.hpp"

namespace coffer::audit {
namespace {

constexpr std::uint64_t most_lines_at_once = 10;
constexpr std::uint64_t most_lines = 100;

std::uint64_t processor_ns() noexcept {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(used.tv_nsec);
}

std::uint64_t seconds_since_1970() noexcept {
    return static_cast<std::uint64_t>(std::max<std::time_t>(::time(nullptr), 0));
}

constexpr std::string_view name_of(continuous_audit::verdict one) noexcept {
    using verdict = continuous_audit::verdict;
    return one == verdict::same ? "same" : one == verdict::differs ? "differs" : "unknown";
}

double seconds(std::uint64_t ns) noexcept {
    return static_cast<double>(ns) / 1e9;
}

}  // namespace

continuous_audit::continuous_audit(options chosen, reading_limit& limit, vital_signs& signs)
    : chosen_{std::move(chosen)},
      limit_{limit},
      reached_at_{ticks()},
      alive_at_{ticks()},
      metrics_{signs.metrics.add([this](std::string& out) { append_metrics(out); })},
      check_{signs.checks.add({"audit", [this] { return look(); }})},
      thread_{[this] { run(); }} {}

continuous_audit::~continuous_audit() {
    begin_to_stop();
    thread_.join();
}

void continuous_audit::begin_to_stop() noexcept {
    stopping_ = true;
    run_as_others(thread_);  // it may hold the mutex, and wait for a processor
    {
        const std::lock_guard lock{mutex_};
        // A thread that does not run yet finds stopping_, and does not lower its priority.
        run_as_others(thread_);
    }
    changed_.notify_all();
}

bool continuous_audit::stop_by(clock::time_point deadline) noexcept {
    begin_to_stop();
    deadline = std::max(deadline, clock::now() + std::chrono::seconds{1});
    std::unique_lock lock{mutex_};
    return changed_.wait_until(lock, deadline, [this] { return is_done_; });
}

bool continuous_audit::is_stopping() const noexcept {
    return stopping_.load(std::memory_order_relaxed);  // orders nothing
}

/// Returns false when it is time to end.
bool continuous_audit::wait(std::chrono::milliseconds length) noexcept {
    std::unique_lock lock{mutex_};
    return !changed_.wait_for(lock, length, [this] { return is_stopping(); });
}

void continuous_audit::run() noexcept {
    {
        const std::lock_guard lock{mutex_};
        if (chosen_.only_when_idle && !is_stopping())
            run_when_idle();
    }
    // Asked between the parts of each long step: so a step that is slow is not one that hangs.
    const journal::interruption::condition has_ended = [this] {
        set(alive_at_, ticks());
        return is_stopping();
    };
    const journal::interruption early{has_ended};
    std::chrono::milliseconds pause = chosen_.first_retry;
    do {
        const std::uint64_t compared = comparisons();
        attempt();
        comparisons_before_ = comparisons();
        passed_over_before_ = read(passed_over_);
        pause = comparisons() == compared ? std::min(pause * 2, chosen_.last_retry)
                                          : chosen_.first_retry;
    } while (wait(pause));
    const std::lock_guard lock{mutex_};
    is_done_ = true;
    changed_.notify_all();
}

/// Begins, and goes on until it is time to end, or something fails.
void continuous_audit::attempt() noexcept {
    try {
        limit_.note_look();
        set(begun_, read(begun_) + 1);
        log_audit audit{chosen_.log, chosen_.snapshots};
        log::info("audit: begins with {}", audit.beginning());
        try {
            follow(audit);
        } catch (...) {
            report(audit);
            throw;
        }
    } catch (const journal::history_unavailable&) {
        // It is time to end.
    } catch (const audit_unavailable& failure) {
        // The next attempt may find the same again: it counts once.
        if (differences() == 0)
            note(failure.differences());
        note_failure(failure.what());
    } catch (const std::bad_alloc&) {
        note_failure("there is not enough memory");
    } catch (const std::exception& failure) {
        note_failure(failure.what());
    }
}

/// Returns when it is time to end.
void continuous_audit::follow(log_audit& audit) {
    is_compared_.store(false, std::memory_order_relaxed);
    fails_.store(false, std::memory_order_relaxed);
    while (!is_stopping()) {
        if (limit_.has_news()) {
            limit_.note_look();
            audit.look();
        }
        const std::uint64_t at = ticks();
        const std::uint64_t durable = chosen_.durable_record();
        const std::uint64_t until = limit_.up_to(durable);
        bool is_more = true;
        while (is_more && !is_stopping()) {
            is_more = audit.advance(until);
            report(audit);
        }
        if (until == durable)
            set(reached_at_, at);
        if (!wait(chosen_.rest))
            return;
    }
}

/// Updates the figures, and logs the differences.
void continuous_audit::report(log_audit& audit) {
    set(alive_at_, ticks());
    set(cpu_ns_, processor_ns());
    set(record_, audit.record());
    set(record_time_ns_, audit.time_ns());
    set(accounts_, audit.accounts());
    note(audit.take_differences());
    if (const std::uint64_t passed = passed_over_before_ + audit.passed_over();
        passed != read(passed_over_)) {
        set(passed_over_, passed);
        is_compared_.store(false, std::memory_order_relaxed);  // the newest may not have been
    }
    if (const std::uint64_t made = comparisons_before_ + audit.comparisons();
        made != read(comparisons_)) {
        set(last_comparison_s_, seconds_since_1970());
        is_compared_.store(true, std::memory_order_relaxed);
        // Release: pairs with the acquire in comparisons().
        comparisons_.store(made, std::memory_order_release);
    }
}

void continuous_audit::note(const fault_list& found) {
    if (found.empty())
        return;
    set(differences_, read(differences_) + found.count());
    log_differences(found);
}

void continuous_audit::log_differences(const fault_list& found) {
    const std::uint64_t most = std::min<std::uint64_t>(most_lines_at_once, found.kept().size());
    std::uint64_t named = 0;
    for (; named != most && lines_ < most_lines; ++named, ++lines_)
        log::error("audit: the ledger and its journal differ: {}", to_string(found.kept()[named]));
    if (found.count() != named && lines_ < most_lines) {
        ++lines_;
        log::error("audit: and {} more differences", found.count() - named);
    }
    if (lines_ == most_lines) {
        ++lines_;
        log::error("audit: no more differences are logged: see coffer_audit_differences");
    }
}

void continuous_audit::note_failure(const char* why) noexcept {
    if (!fails_.exchange(true, std::memory_order_relaxed))
        log::warn("audit: it cannot go on, and begins again later: {}", why);
}

continuous_audit::verdict continuous_audit::now() const noexcept {
    if (differences() != 0)
        return verdict::differs;
    const auto patience = std::chrono::nanoseconds{chosen_.patience}.count();
    const bool is_late = ticks() - read(alive_at_) > static_cast<std::uint64_t>(patience);
    if (fails_.load(std::memory_order_relaxed) || is_late ||
        !is_compared_.load(std::memory_order_relaxed))
        return verdict::unknown;
    return verdict::same;
}

std::uint64_t continuous_audit::lag_records() const {
    const std::uint64_t durable = chosen_.durable_record();
    return durable - std::min(durable, record());
}

std::chrono::nanoseconds continuous_audit::lag() const {
    if (lag_records() == 0)
        return {};
    const std::uint64_t behind_ns = ticks() - read(reached_at_);
    const std::uint64_t now_ns = chosen_.time_ns();
    const std::uint64_t older_ns = now_ns - std::min(now_ns, read(record_time_ns_));
    return std::chrono::nanoseconds{std::min(behind_ns, older_ns)};
}

health_check::finding continuous_audit::look() const {
    const verdict found = now();
    return {.is_well = found != verdict::differs,
            .state = found == verdict::same ? "ok" : std::string{name_of(found)}};
}

void continuous_audit::append_metrics(std::string& out) const {
    append_metric_head(out, "coffer_audit_verdict", "gauge",
                       "What the audit has found: one of these is 1.");
    for (const verdict one : {verdict::same, verdict::differs, verdict::unknown})
        append_sample(out, "coffer_audit_verdict", "verdict=\"" + std::string{name_of(one)} + '"',
                      std::uint64_t{one == now() ? 1U : 0U});
    append_metric(out, "coffer_audit_differences", "gauge",
                  "Differences between the ledger and its journal that were found since the start.",
                  differences());
    append_metric(out, "coffer_audit_comparisons_total", "counter",
                  "Snapshots that were compared with the journal.", comparisons());
    append_metric(out, "coffer_audit_passed_over_total", "counter",
                  "Snapshots that could not be compared.", read(passed_over_));
    append_metric(out, "coffer_audit_last_comparison_timestamp_seconds", "gauge",
                  "When a snapshot was compared last, in seconds since 1970; 0 for never.",
                  read(last_comparison_s_));
    append_metric(out, "coffer_audit_lag_seconds", "gauge",
                  "How old the oldest durable record that it has not read is at most.",
                  seconds(static_cast<std::uint64_t>(lag().count())));
    append_metric(out, "coffer_audit_lag_records", "gauge", "Durable records that it has not read.",
                  lag_records());
    append_metric(out, "coffer_audit_accounts", "gauge", "Accounts in its register.",
                  read(accounts_));
    append_metric(out, "coffer_audit_beginnings_total", "counter",
                  "How often it has begun with a snapshot or the journal's first record.",
                  read(begun_));
    append_metric(out, "coffer_audit_cpu_seconds_total", "counter",
                  "Processor time that it has used.", seconds(read(cpu_ns_)));
}

}  // namespace coffer::audit
