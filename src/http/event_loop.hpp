// What a worker's thread waits for: sockets that are ready, a tick each second, and what other
// threads post.
//
// Our own, over epoll, since Asio re-arms a socket by a system call at every wait: one of three
// that a request costs, where a level-triggered set needs none.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "http/tcp_socket.hpp"

namespace coffer::http {

/// Thread safety: post() from any thread; the rest from the thread that runs it, or before it runs.
class event_loop {
public:
    /// Something that is told when its descriptor is ready. It may destroy itself then, and nothing
    /// else that is watched. It throws nothing.
    class watcher {
    public:
        virtual void on_ready() noexcept = 0;

    protected:
        ~watcher() = default;
    };

    enum class interest : std::uint8_t { nothing, read, write };

    /// Throws std::system_error.
    event_loop();

    /// Watches a descriptor, until it is closed. It is not ready more than once in a round. Throws
    /// std::system_error.
    void add(int descriptor, watcher& told, interest in);
    /// Changes what it is watched for. Costs a system call.
    void change(int descriptor, watcher& told, interest in) noexcept;

    /// Has `task` called by the thread that runs the loop, between rounds. Throws std::bad_alloc.
    void post(std::function<void()> task);

    /// Has the thread that runs the loop begin a round, if it waits.
    void wake() noexcept;

    /// Has the next round begin after this time at the latest, though nothing is ready; a negative
    /// one: when something is. For the thread that runs the loop.
    void wait_at_most(std::chrono::milliseconds time) noexcept {
        longest_wait_ms_ = static_cast<int>(time.count());
    }

    /// Until stop(): tells all that are ready, round by round. Between rounds it calls `on_tick`
    /// each second, with the number of seconds since it did last, which is more than 1 if the
    /// thread was held up; and `on_round`, at the end of each. What they and tasks throw is logged.
    void run(
        const std::function<void(std::uint64_t)>& on_tick,
        const std::function<void()>& on_round = [] {});
    void stop() noexcept { stopped_ = true; }

private:
    void run_tasks();

    descriptor events_;
    descriptor timer_;
    descriptor bell_;  // rung when there are tasks
    std::mutex tasks_guard_;
    std::vector<std::function<void()>> tasks_;
    int longest_wait_ms_ = -1;
    bool stopped_ = false;
};

}  // namespace coffer::http
