// Watches, in a thread of its own, that the log is still where it is looked for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "journal/batch_log.hpp"

namespace coffer::journal {

/// Thread safety: none.
class place_keeper {
public:
    /// Calls log.check_in_place every so often. Calls `on_loss` once, with the reason, in its own
    /// thread, when the log is not in place, and does not look again. `on_loss` must not throw.
    /// `log` must outlive this. Throws std::system_error if there is no thread to be had.
    place_keeper(batch_log& log, std::chrono::milliseconds every,
                 std::function<void(const std::string&)> on_loss);
    ~place_keeper();
    place_keeper(const place_keeper&) = delete;
    place_keeper& operator=(const place_keeper&) = delete;

private:
    void run() noexcept;

    batch_log& log_;
    const std::chrono::milliseconds every_;
    const std::function<void(const std::string&)> on_loss_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;  // under the mutex
    std::thread thread_;     // the last member: it uses the others from its start
};

}  // namespace coffer::journal
