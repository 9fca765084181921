// Handles the signals that a server receives, from the first line of main on.
//
// SIGTERM, SIGINT, SIGQUIT and SIGALRM stop the server. A second one ends it at once with status
// 128 + its number, unless it comes within a second of the first: `timeout` and some supervisors
// send two. SIGHUP has the server read its files again. SIGUSR1 and SIGUSR2 are logged and
// have no other effect. The same holds for
// process 1 of a container, where signals have no default effects.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "ops/file_descriptor.hpp"

namespace coffer {

/// Blocks these signals until they are watched or released. Call it first in main: threads that are
/// started later inherit the mask.
void hold_signals() noexcept;

/// Restores the signal mask from before hold_signals, for a command that is not a server. In
/// process 1, the signals that stop a server end the process with status 128 + their number. Call
/// it before anything that may block.
void release_signals() noexcept;

/// Watches the blocked signals in a thread of its own. While the server starts, a signal that stops
/// it calls stopping::request; if the process has not ended half a second later, it is ended with
/// status 0, whatever it waits for.
///
/// Thread safety: none; all calls come from one thread.
class signal_watch {
public:
    /// What to do when a running server is to stop.
    struct orders {
        std::chrono::seconds grace{0};   ///< the time from `retire` to `drain`
        std::function<void()> retire{};  ///< reports the server as not ready
        std::function<void()> drain{};   ///< begins to stop it
    };

    /// Throws std::system_error.
    signal_watch();
    signal_watch(const signal_watch&) = delete;
    signal_watch& operator=(const signal_watch&) = delete;
    ~signal_watch();

    /// Ends the phase of the start: from now on a signal to stop carries out `what`, in the thread
    /// of the watch; immediately if one has come already. The functions must not block or throw.
    /// Call it just before the server answers its first request: a server that answers is never
    /// ended as a start is.
    void give(orders what);

    /// Has SIGHUP call `reload`, in the thread of the watch: it has files read again, and returns
    /// false if there are none. During the start too.
    void reload_with(std::function<bool()> reload);

    /// Discards the orders, since the server is ending. A second signal still ends it at once.
    void withdraw_orders() noexcept;

private:
    using clock = std::chrono::steady_clock;

    void run() noexcept;
    [[nodiscard]] int time_to_deadline_ms();
    [[nodiscard]] std::optional<int> next_signal();
    void on_signal(int number);
    void on_stop(int number);
    void begin();
    void on_deadline();
    void wake() noexcept;

    file_descriptor signals_;
    file_descriptor bell_;
    std::mutex mutex_;
    // Under the mutex:
    std::optional<orders> orders_;  // none while the server starts
    std::function<bool()> reload_;
    std::optional<clock::time_point> stopped_;  // when the first signal came
    std::optional<clock::time_point> deadline_;
    int first_signal_ = 0;
    bool is_ending_ = false;
    std::thread thread_;  // the last member: it uses the others from its start
};

}  // namespace coffer
