// A log in memory whose batches become durable when the test says so.
#pragma once

#include <condition_variable>
#include <mutex>

#include "journal/memory_log.hpp"

namespace coffer::test {

/// The gate outlives the log, which an engine owns.
class gate {
public:
    void open() { set(true); }
    void shut() { set(false); }
    void pass() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return is_open_; });
    }

private:
    void set(bool open) {
        {
            const std::lock_guard lock{mutex_};
            is_open_ = open;
        }
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_open_ = false;
};

[[nodiscard]] inline std::unique_ptr<memory_log> log_behind(gate& held) {
    auto made = std::make_unique<memory_log>();
    made->before_durable = [&held] { held.pass(); };
    return made;
}

}  // namespace coffer::test
