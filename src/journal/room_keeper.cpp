#include "journal/room_keeper.hpp"

#include <exception>

#include "ops/log.hpp"

namespace coffer::journal {

room_keeper::room_keeper(batch_log& log, std::size_t enough_bytes, std::chrono::milliseconds retry)
    : log_{log}, retry_{retry} {
    poked_ = log_.has_room(enough_bytes) || !make_room();
    thread_ = std::thread{[this] { run(); }};
}

room_keeper::~room_keeper() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void room_keeper::poke() noexcept {
    {
        const std::lock_guard lock{mutex_};
        poked_ = true;
    }
    changed_.notify_one();
}

void room_keeper::run() noexcept {
    bool made = !complained_;
    std::unique_lock lock{mutex_};
    for (;;) {
        if (made)
            changed_.wait(lock, [this] { return poked_ || stopping_; });
        else
            changed_.wait_for(lock, retry_, [this] { return stopping_; });
        if (stopping_)
            return;
        poked_ = false;
        lock.unlock();
        made = make_room();
        lock.lock();
    }
}

bool room_keeper::make_room() noexcept {
    try {
        const log_status status = log_.make_room();
        if (!status && !complained_)
            log::warn("the journal has no room ahead: {}; trying again", status.reason);
        if (status && complained_)
            log::info("the journal has room ahead again");
        complained_ = !status;
    } catch (const std::exception& error) {
        log::warn("the journal has no room ahead: {}; trying again", error.what());
        complained_ = true;
    }
    return !complained_;
}

}  // namespace coffer::journal
