#include "journal/background_work.hpp"

#include <utility>

namespace coffer::journal {

background_work::background_work(work what, pause first)
    : work_{std::move(what)}, thread_{[this, first] { run(first); }} {}

background_work::~background_work() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void background_work::poke() noexcept {
    {
        const std::lock_guard lock{mutex_};
        poked_ = true;
    }
    changed_.notify_one();
}

void background_work::run(pause first) noexcept {
    pause next = first;
    std::unique_lock lock{mutex_};
    for (;;) {
        if (next)
            changed_.wait_for(lock, *next, [this] { return stopping_; });
        else
            changed_.wait(lock, [this] { return poked_ || stopping_; });
        if (stopping_)
            return;
        poked_ = false;
        lock.unlock();
        next = work_();
        lock.lock();
    }
}

}  // namespace coffer::journal
