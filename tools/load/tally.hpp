// The counters of one thread of the generator.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "load/latencies.hpp"
#include "load/operation.hpp"

namespace coffer::load {

/// The part of a run that is measured, in nanoseconds since the run began.
struct window {
    std::int64_t begin_ns;
    std::int64_t end_ns;
    std::int64_t cut_ns = end_ns;  ///< where it ended: earlier if interrupted, and never empty

    void cut(std::int64_t moment_ns) noexcept {
        cut_ns = std::clamp(moment_ns, begin_ns + 1, end_ns);
    }
    [[nodiscard]] bool is_cut() const noexcept { return cut_ns < end_ns; }
    [[nodiscard]] bool has(std::int64_t moment_ns) const noexcept {
        return moment_ns >= begin_ns && moment_ns < cut_ns;
    }
    [[nodiscard]] double seconds() const noexcept {
        return static_cast<double>(cut_ns - begin_ns) / 1e9;
    }
    /// The length of a step of the throughput over time: about a hundred of them, or a few.
    [[nodiscard]] std::int64_t step_ns() const noexcept {
        constexpr std::int64_t shortest = 100'000'000;
        const std::int64_t hundredth = (end_ns - begin_ns) / 100;
        return (hundredth + shortest - 1) / shortest * shortest + (hundredth == 0 ? shortest : 0);
    }
    [[nodiscard]] std::size_t steps() const noexcept {
        return static_cast<std::size_t>((cut_ns - begin_ns + step_ns() - 1) / step_ns());
    }
};

/// What happened to connections, and how often.
struct troubles {
    std::uint64_t not_connected = 0;  ///< refused, unreachable, or not answered in time
    std::uint64_t closed = 0;         ///< by the server, or reset
    std::uint64_t timed_out = 0;      ///< a reply did not come in time
    std::uint64_t malformed = 0;      ///< a reply that was not understood
    std::uint64_t killed = 0;         ///< by --kill-connections
    std::uint64_t redirected = 0;     ///< replies that led to another node
    std::uint64_t unknown = 0;        ///< replies that did not know whether it was posted
};

struct tally {
    tally(window part, std::size_t accounts)
        : measured{part}, steps(part.steps()), acknowledged(accounts) {}

    /// A reply that came at `now_ns`. Latencies are those of requests that were due within the
    /// window and did what they were to do; throughput is what came back within it.
    void replied(const request&, verdict, std::int64_t now_ns);
    /// A refusal, by status and type.
    void refused(int status, std::string_view type);
    tally& operator+=(const tally&);

    [[nodiscard]] std::uint64_t all_refused() const;
    /// Ends the window where the run was interrupted.
    void cut(std::int64_t moment_ns);
    /// Requests a second that came back within the window; 0 if it has no length.
    [[nodiscard]] double rate() const noexcept {
        return completed == 0 ? 0 : static_cast<double>(completed) / measured.seconds();
    }

    window measured;
    latencies latency;  ///< from when a request was due
    latencies service;  ///< from when it was sent
    std::vector<std::uint64_t> steps;
    std::uint64_t completed = 0;
    std::array<std::uint64_t, operation_count> done{};  ///< in the whole run, like all that follows
    std::uint64_t short_of_funds = 0;
    std::map<std::string, std::uint64_t, std::less<>> refusals;
    load::troubles troubles;
    std::uint64_t unanswered = 0;
    std::uint64_t unsent = 0;

    // For the audit.
    std::array<std::int64_t, operation_count> done_minor{};  ///< the sums of the amounts
    std::vector<funds> acknowledged;                         ///< the change of each account
    std::vector<effects> doubts;                             ///< of the postings without a reply
};

}  // namespace coffer::load
