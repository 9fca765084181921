// Reads the history of the journal for the workers, which must not wait for the disk: on threads of
// its own.
//
//     struct count final : coffer::history_job {
//         void read(coffer::journal::history& past) override { records = past.last_record(); }
//         std::uint64_t records = 0;
//     };
//     auto job = std::make_shared<count>();
//     if (teller.ask(job) == service::done)
//         ... once job->is_done(), the teller's on_durable callback has been called ...
//
// Guarantees     A job that begins finds everything that was durable when it was asked for. After
//                it has ended, the callback of the teller that asked is called.
//                Jobs beyond max_waiting are refused, so that a disk that hangs holds up no more.
//                A job that its owners have forgotten is not begun, and ended early if it has
//                begun: see journal/interruption.hpp.
// Thread safety  ask is for any thread. A job's members are for the reader until is_done returns
//                true, then for the thread that asked.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/results.hpp"
#include "journal/history.hpp"

namespace coffer {

/// One question to the history, with its answer.
class history_job {
public:
    enum class outcome : std::uint8_t {
        pending,
        done,
        trimmed,  ///< what it needs is no longer there: see beginning()
        late,     ///< the history could not be read in time, or its reader stops
        failed,   ///< the journal is damaged or cannot be read, which has been logged
    };

    history_job() = default;
    history_job(const history_job&) = delete;
    history_job& operator=(const history_job&) = delete;
    virtual ~history_job() = default;

    [[nodiscard]] outcome now() const noexcept {
        // Acquire: pairs with the release in end, so that the answer is seen.
        return outcome_.load(std::memory_order_acquire);
    }
    [[nodiscard]] bool is_done() const noexcept { return now() != outcome::pending; }
    /// After `trimmed`.
    [[nodiscard]] const journal::history_beginning& beginning() const noexcept {
        return beginning_;
    }

protected:
    /// Finds the answer, in a reader's thread. In bounded steps: a long reply takes several jobs.
    /// May throw as history's members do. Called where journal::interruption ends it early.
    virtual void read(journal::history& past) = 0;
    /// Gives back what only one job may have at a time. Called after read, or in its place if the
    /// job ends without it, before the thread that asked can find that it has ended.
    virtual void give_back() noexcept {}

private:
    friend class history_reader;
    [[nodiscard]] outcome run(journal::history& past,
                              std::chrono::steady_clock::time_point deadline) noexcept;
    void end(outcome how) noexcept {
        give_back();
        outcome_.store(how, std::memory_order_release);
    }

    std::atomic<outcome> outcome_{outcome::pending};
    journal::history_beginning beginning_;
    std::uint64_t durable_record_ = 0;  // when it was asked for
    std::function<void()> on_end_;
};

class history_reader {
public:
    static constexpr std::size_t max_waiting = 1024;

    struct options {
        std::size_t threads = 2;
        /// How long a job waits until the history has reached what was durable.
        std::chrono::milliseconds patience{5000};
    };

    /// Starts. `past` must outlive this; `durable_record` is for any thread. Throws
    /// std::system_error.
    history_reader(journal::history& past, std::function<std::uint64_t()> durable_record,
                   const options& chosen);
    ~history_reader() { stop(); }
    history_reader(const history_reader&) = delete;
    history_reader& operator=(const history_reader&) = delete;

    /// Queues a job, which is new or has ended, and which the caller keeps as long as it wants the
    /// answer; `on_end`, which must not throw, is called after it has ended, by a reader's thread.
    /// Returns done, or unavailable if too many are waiting.
    [[nodiscard]] service ask(const std::shared_ptr<history_job>& job,
                              std::function<void()> on_end);

    /// How many jobs its threads have ended. For any thread.
    [[nodiscard]] std::uint64_t ended() const noexcept {
        // Acquire: pairs with the release in work, so that the last of them is seen to be done.
        return ended_.load(std::memory_order_acquire);
    }

    /// How many jobs wait for one of its threads, those that nobody wants any more among them. For
    /// any thread.
    [[nodiscard]] std::size_t waiting() const {
        const std::lock_guard lock{mutex_};
        return waiting_.size();
    }

    /// Has jobs end as late from now on, those that have begun as soon as they can. Does not wait.
    void begin_to_stop() noexcept;
    /// Ends the threads, after that.
    void stop() noexcept;
    /// The same, until `deadline`, or for a second. False if a job has not ended by then: the disk
    /// does not answer, and the caller can only end the process.
    [[nodiscard]] bool stop_by(std::chrono::steady_clock::time_point deadline) noexcept;

private:
    void work() noexcept;
    [[nodiscard]] std::shared_ptr<history_job> next();

    journal::history& past_;
    const std::function<std::uint64_t()> durable_record_;
    const options chosen_;
    std::atomic<std::uint64_t> ended_{0};
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::weak_ptr<history_job>> waiting_;  // under the mutex
    std::atomic<bool> stopping_{false};               // set under the mutex
    std::size_t running_ = 0;                         // under the mutex: threads
    std::vector<std::thread> threads_;
};

}  // namespace coffer
