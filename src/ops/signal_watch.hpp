// The signals that a server takes, from the first line of main on.
//
// SIGTERM, SIGINT, SIGQUIT and SIGALRM stop it. Another one of them ends it at once with status
// 128 + its number, unless it comes within a second of the first: `timeout` and some supervisors
// send two. SIGHUP, SIGUSR1 and SIGUSR2 are logged, and have no effect. All this is so for
// process 1 of a container, too, for which default effects are none.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "ops/file_descriptor.hpp"

namespace coffer {

/// Holds these signals back until they are watched or released. For the first line of main: threads
/// that are started later hold them back, too.
void hold_signals() noexcept;

/// For a command that is no server: the signals have the effects that they had before hold_signals,
/// and those that the parent had blocked stay blocked. As process 1, those that stop end it with
/// status 128 + their number. Call it before anything that may block.
void release_signals() noexcept;

/// Watches the signals, which are held back, in a thread of its own. While the server starts, one
/// that stops it requests that of ops/stopping.hpp; if the process has not ended half a second
/// later, whatever it waits for, it is ended with status 0.
///
/// Thread safety: for one thread.
class signal_watch {
public:
    /// What to do when a server is to stop.
    struct orders {
        std::chrono::seconds grace{0};   ///< between the two
        std::function<void()> retire{};  ///< say that it will stop soon
        std::function<void()> drain{};   ///< begin to stop
    };

    /// Throws std::system_error.
    signal_watch();
    signal_watch(const signal_watch&) = delete;
    signal_watch& operator=(const signal_watch&) = delete;
    ~signal_watch();

    /// The start is over. From now on a signal to stop has these done, by the watch's thread; at
    /// once if one has come already. They must not block or throw. For just before the server
    /// answers its first request: one that answers is never ended as a start is.
    void give(orders what);

    /// Has nothing done any more: the server is at its end. Signals that end it at once still do.
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
    std::optional<orders> orders_;              // none while the server starts
    std::optional<clock::time_point> stopped_;  // when the first signal came
    std::optional<clock::time_point> deadline_;
    int first_signal_ = 0;
    bool is_ending_ = false;
    std::thread thread_;  // the last member: it uses the others from its start
};

}  // namespace coffer
