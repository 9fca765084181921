// The two times of a ledger, which are never mixed.
//
// Running time   For how long the ledger has been served, over all starts: the monotonic clock,
//                added to the running time of the journal's last batch. It measures how long an
//                idempotency key lives, and what --retain keeps. Neither downtime nor a wrong clock
//                can end either early.
// Record time    The UTC that is written beside records, for people. It never goes back. It
//                advances by the monotonic clock and approaches the system's clock:
//                - by at most 500 ppm while the two are less than 128 ms apart, and where the
//                  system's clock is behind;
//                - at once where that clock has been set ahead by at most `max_step`;
//                - not at all where it has been set further ahead. That is logged, and a gauge. The
//                  offset is in the journal, so that the next start does not follow it either,
//                  unless the clock has been corrected or the operator gives `accept_clock`.
//                At a start it takes the system's clock. A clock that is behind the journal's end,
//                before `earliest_ns` or after `latest_ns` counts as not set yet: record time
//                continues from the journal's end, and follows the first step to a plausible time,
//                however large that is.
//                A standby that takes over goes on as the leader before would have: it knows when
//                the last batch was written, so a clock that is far ahead is not followed there.
//
// NTP slews a clock by 500 ppm at most, and steps it from 128 ms on (RFC 5905, sections 11.3 and
// 12).
//
// Thread safety  begin and take_over are for one thread, before the others call; the rest is for
//                any thread. running_ns and record_ns are lock-free; stamp and offset_ns take a
//                mutex for some 100 ns.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>

#include "journal/batch.hpp"

namespace coffer::journal {

/// The clocks that the times are made from. Tests replace them.
struct time_sources {
    std::function<std::uint64_t()> wall_ns;       ///< UTC, ns since 1970; may jump
    std::function<std::uint64_t()> monotonic_ns;  ///< since some moment; does not go back

    /// The system's clocks. The monotonic one stands still while the machine sleeps.
    [[nodiscard]] static time_sources of_system();
};

class ledger_clock {
public:
    struct options {
        /// The furthest that record time follows the system's clock at once.
        std::chrono::nanoseconds max_step = std::chrono::hours{1};
        /// At a start: trust the system's clock, unless it is behind the journal's end.
        bool accept_clock = false;
        /// No correct clock shows an earlier time: the date of this release.
        std::uint64_t earliest_ns = release_ns;
        /// No correct clock shows a later time.
        std::uint64_t latest_ns = year_2200_ns;
    };

    /// 2026-11-01T00:00:00Z.
    static constexpr std::uint64_t release_ns = 1'793'491'200'000'000'000;
    /// 2200-01-01T00:00:00Z. Signed nanoseconds since 1970 end in 2262.
    static constexpr std::uint64_t year_2200_ns = 7'258'118'400'000'000'000;

    /// Begins with an empty journal. Throws std::bad_alloc.
    ledger_clock(options chosen, time_sources from);
    ledger_clock() : ledger_clock{options{}, time_sources::of_system()} {}

    /// Continues where the journal ends: at this batch's stamp; all zeros for an empty journal.
    /// Logs a system's clock that is not plausible.
    void begin(const batch_stamp& journal_end);
    /// The same, for one that has seen the last batch being written so long ago, by the monotonic
    /// clock: record time has gone on since.
    void take_over(const batch_stamp& journal_end, std::chrono::nanoseconds ago);
    /// Now by the monotonic clock.
    [[nodiscard]] std::chrono::nanoseconds monotonic() const {
        return std::chrono::nanoseconds{from_.monotonic_ns()};
    }

    /// The times for a batch that is written now. Logs when the system's clock is no longer
    /// followed, and when it is again.
    [[nodiscard]] batch_stamp stamp();

    /// Record time, as far as it is certain: from the last stamp on it advances by the monotonic
    /// clock, slower by 500 ppm. So it never goes back, and no later stamp is earlier. It follows
    /// the system's clock only when stamp is called.
    [[nodiscard]] std::uint64_t record_ns() const noexcept;

    /// Running time. Never goes back.
    [[nodiscard]] std::uint64_t running_ns() const noexcept;

    /// By how much the system's clock is ahead of record time now; below zero, behind.
    [[nodiscard]] std::int64_t offset_ns() { return stamp().clock_offset_ns; }

private:
    /// Whether the system's clock is followed.
    enum class trust : std::uint8_t {
        followed,
        behind,   ///< it was set back
        not_set,  ///< it has been behind since the start
        too_far,  ///< it is ahead by more than max_step
    };

    /// A record time, and the monotonic clock's then.
    struct point {
        std::atomic<std::uint64_t> record_ns{0};
        std::atomic<std::uint64_t> monotonic_ns{0};
    };

    void publish() noexcept;
    void take_up(const batch_stamp& journal_end);
    void resume_running_time(const batch_stamp& journal_end);
    void advance(std::uint64_t monotonic_ns, std::uint64_t wall_ns);
    void follow(std::int64_t ahead_ns, std::uint64_t elapsed_ns);
    void fall_back(std::int64_t behind_ns, std::int64_t drawn_ns);
    void distrust(std::int64_t ahead_ns);
    void begin_without_clock(const batch_stamp& journal_end, std::uint64_t wall_ns);
    [[nodiscard]] std::int64_t ahead_of_record(std::uint64_t wall_ns) const noexcept;

    const options options_;
    const time_sources from_;
    // Written by begin and take_over alone, before other threads call.
    std::uint64_t running_base_ns_ = 0;
    std::uint64_t monotonic_base_ns_;
    // If the monotonic clock goes back all the same, the latest time stays. Relaxed: it orders no
    // other data.
    mutable std::atomic<std::uint64_t> latest_running_ns_{0};

    std::mutex guard_;  // of what follows
    std::uint64_t record_ns_ = 0;
    std::uint64_t advanced_at_ns_ = 0;  // by the monotonic clock
    trust trust_ = trust::followed;

    // For record_ns: the last point is points_[published_ % 2]; the next one takes the other place.
    std::array<point, 2> points_;
    std::atomic<std::uint64_t> published_{0};
};

}  // namespace coffer::journal
