#include "journal/place_keeper.hpp"

#include <exception>
#include <utility>

namespace coffer::journal {

place_keeper::place_keeper(batch_log& log, std::chrono::milliseconds every,
                           std::function<void(const std::string&)> on_loss)
    : log_{log}, every_{every}, on_loss_{std::move(on_loss)}, thread_{[this] { run(); }} {}

place_keeper::~place_keeper() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void place_keeper::run() noexcept {
    std::unique_lock lock{mutex_};
    while (!changed_.wait_for(lock, every_, [this] { return stopping_; })) {
        lock.unlock();
        try {
            if (const log_status status = log_.check_in_place(); !status)
                return on_loss_(status.reason);
        } catch (const std::exception&) {
            // No memory now: it is looked at again.
        }
        lock.lock();
    }
}

}  // namespace coffer::journal
