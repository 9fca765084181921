// A thread of its own for work that nothing may wait for, as it may hang with the disk.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace coffer::journal {

/// A thread that does the same work again and again, when poked or after a pause, until this is
/// destroyed. Thread safety: poke is for any thread, the rest for one.
class background_work {
public:
    /// How long to pause after a piece of work; nothing: until poked.
    using pause = std::optional<std::chrono::milliseconds>;
    /// Does a piece of work. Must not throw.
    using work = std::function<pause()>;

    /// Starts with a pause. A poke does not shorten a pause that has a length. Throws
    /// std::system_error if no thread can be started.
    background_work(work what, pause first);
    ~background_work();
    background_work(const background_work&) = delete;
    background_work& operator=(const background_work&) = delete;

    void poke() noexcept;

private:
    void run(pause first) noexcept;

    const work work_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool poked_ = false;     // under the mutex
    bool stopping_ = false;  // under the mutex
    std::thread thread_;     // the last member: it uses the others from its start
};

}  // namespace coffer::journal
