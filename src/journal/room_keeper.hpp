// Keeps room ahead in the log, in a thread of its own: the journal thread must not wait for it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>

#include "journal/batch_log.hpp"

namespace coffer::journal {

/// Thread safety: poke may be called from any thread, the rest from one.
class room_keeper {
public:
    /// Makes room at once, before it returns if there is less than `enough_bytes`, and then
    /// whenever poked. Where there is none to be had, it says so in the log and tries again after
    /// `retry`. `log` must outlive this.
    room_keeper(batch_log& log, std::size_t enough_bytes, std::chrono::milliseconds retry);
    ~room_keeper();
    room_keeper(const room_keeper&) = delete;
    room_keeper& operator=(const room_keeper&) = delete;

    /// Some room was used: there may be more to be made.
    void poke() noexcept;

private:
    void run() noexcept;
    /// False if it is to be tried again.
    bool make_room() noexcept;

    batch_log& log_;
    const std::chrono::milliseconds retry_;
    bool complained_ = false;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool poked_ = false;     // under the mutex
    bool stopping_ = false;  // under the mutex
    std::thread thread_;     // the last member: it uses the others from its start
};

}  // namespace coffer::journal
