// Audits a ledger while it is served: a thread of low priority replays what becomes durable, and
// compares each snapshot of the ledger with that. See log_audit.hpp for what is compared.
//
//     coffer::audit::continuous_audit audit{{.log = *log, ...}, limit, engine.signs()};
//
// Guarantees     No other thread waits for it. A difference is logged with its account, and stays
//                on the check `audit` as long as this lives.
//                What keeps it from comparing (a journal or a snapshot that cannot be read, records
//                that were trimmed before it has read them, a lack of memory) is no difference: its
//                verdict is unknown until it has compared a snapshot again.
// Thread safety  The figures are for any thread, the rest for one.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "audit/log_audit.hpp"
#include "audit/reading_limit.hpp"
#include "ops/vital_signs.hpp"

namespace coffer::audit {

class continuous_audit {
public:
    struct options {
        const journal::batch_source& log;  ///< must outlive the audit, as what is called here
        std::filesystem::path snapshots;
        std::function<std::uint64_t()> durable_record;
        /// Record time, UTC in ns since 1970.
        std::function<std::uint64_t()> time_ns;
        /// How long it rests once it has read everything.
        std::chrono::milliseconds rest{200};
        /// How long it waits after a failure, before it begins again; twice as long each time.
        std::chrono::milliseconds first_retry{1'000};
        std::chrono::milliseconds last_retry{60'000};
        /// How long a part of a step may take before the verdict is unknown: the disk may hang.
        std::chrono::milliseconds patience{60'000};
        /// Whether its thread runs only where no other needs the processor. It may then stand still
        /// for as long as others are busy.
        bool only_when_idle = true;
    };
    enum class verdict : std::uint8_t {
        unknown,  ///< nothing was compared since it began or passed one over, or it cannot go on
        same,     ///< the last snapshot compared is as the journal has it
        differs,  ///< something was found to differ since the start
    };

    /// Starts the thread. `limit` and `signs` must outlive this. Throws std::system_error.
    continuous_audit(options chosen, reading_limit& limit, vital_signs& signs);
    ~continuous_audit();
    continuous_audit(const continuous_audit&) = delete;
    continuous_audit& operator=(const continuous_audit&) = delete;

    /// Has the thread end soon. Does not wait.
    void begin_to_stop() noexcept;
    /// Ends the thread, whatever it has come to. Waits until `deadline`, or for a second. False if
    /// it has not ended by then: the disk does not answer, and the caller can only end the process.
    [[nodiscard]] bool stop_by(std::chrono::steady_clock::time_point deadline) noexcept;

    [[nodiscard]] verdict now() const noexcept;
    [[nodiscard]] std::uint64_t differences() const noexcept { return read(differences_); }
    /// A thread that finds a comparison counted here also finds its verdict and its differences.
    [[nodiscard]] std::uint64_t comparisons() const noexcept {
        return comparisons_.load(std::memory_order_acquire);  // pairs with the release in report
    }
    /// The last record that was replayed.
    [[nodiscard]] std::uint64_t record() const noexcept { return read(record_); }
    /// How many durable records it has not read, and how old the oldest of them is at most.
    [[nodiscard]] std::uint64_t lag_records() const;
    [[nodiscard]] std::chrono::nanoseconds lag() const;

private:
    using clock = std::chrono::steady_clock;
    using counter = std::atomic<std::uint64_t>;
    // The figures are written by the thread and read by any. Relaxed: they order nothing, except
    // for the number of comparisons.
    [[nodiscard]] static std::uint64_t read(const counter& one) noexcept {
        return one.load(std::memory_order_relaxed);
    }
    static void set(counter& one, std::uint64_t value) noexcept {
        one.store(value, std::memory_order_relaxed);
    }
    [[nodiscard]] static std::uint64_t ticks() noexcept {
        return static_cast<std::uint64_t>(clock::now().time_since_epoch().count());
    }

    void run() noexcept;
    void attempt() noexcept;
    void follow(log_audit& audit);
    void report(log_audit& audit);
    void note(const fault_list& found);
    void log_differences(const fault_list& found);
    [[nodiscard]] bool wait(std::chrono::milliseconds length) noexcept;
    [[nodiscard]] bool is_stopping() const noexcept;
    void note_failure(const char* why) noexcept;
    void append_metrics(std::string& out) const;
    [[nodiscard]] health_check::finding look() const;

    const options chosen_;
    reading_limit& limit_;
    counter differences_{0};
    counter comparisons_{0};  // of all attempts, as the next
    counter passed_over_{0};
    counter last_comparison_s_{0};  // since 1970
    counter begun_{0};
    counter record_{0};
    counter record_time_ns_{0};
    counter accounts_{0};
    counter cpu_ns_{0};
    counter reached_at_;  // by clock: when what was read by now was all that was durable
    counter alive_at_;    // by clock
    std::atomic<bool> fails_{false};        // the last attempt has failed
    std::atomic<bool> is_compared_{false};  // since it began, or has passed one over
    std::uint64_t comparisons_before_ =
        0;  // the thread's own, as what follows: of earlier attempts
    std::uint64_t passed_over_before_ = 0;
    std::uint64_t lines_ = 0;  // logged, of differences
    std::mutex mutex_;
    std::condition_variable changed_;
    std::atomic<bool> stopping_{false};                // set under the mutex
    bool is_done_ = false;                             // under the mutex
    registered<metric_source>::registration metrics_;  // after all that they show
    registered<health_check>::registration check_;
    std::thread thread_;  // last: it uses the others, and nothing may fail once it runs
};

}  // namespace coffer::audit
