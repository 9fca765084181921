#include "replication/leading.hpp"

#include <exception>

#include "ops/log.hpp"

namespace coffer::replication {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds between_attempts{20};

}  // namespace

leading::leading(replicated_log& log, campaign& key, const won_term& term,
                 const replication_options& options)
    : log_{log}, key_{key} {
    beat_ = std::thread{[this, every = options.beat] {
        repeat(every, [this] {
            if (log_.beat())
                return true;
            has_ended_.store(true, std::memory_order_relaxed);
            return false;
        });
    }};
    const milliseconds third = milliseconds{term.lease_time} / 3;
    try {
        renewal_ = std::thread{[this, third] {
            repeat(third, [this] {
                log_.keep_alive();
                return true;
            });
        }};
    } catch (...) {
        end();
        throw;
    }
}

/// Calls `act` at once and then each `every`, until it returns false or this ends.
void leading::repeat(milliseconds every, const std::function<bool()>& act) {
    std::unique_lock lock{mutex_};
    for (auto next = steady_clock::now(); !is_ending_; next += every) {
        lock.unlock();
        bool goes_on = true;
        try {
            goes_on = act();
        } catch (const std::exception& failure) {
            log::warn("the store was not asked: {}", failure.what());
        }
        lock.lock();
        if (!goes_on)
            return;
        next = std::max(next, steady_clock::now() - every);  // what was missed is not made up for
        changed_.wait_until(lock, next + every, [this] { return is_ending_; });
    }
}

void leading::end() noexcept {
    {
        const std::lock_guard lock{mutex_};
        is_ending_ = true;
    }
    changed_.notify_all();
    for (std::thread* const one : {&beat_, &renewal_})
        if (one->joinable())
            one->join();
}

void leading::hand_over(steady_clock::time_point deadline) {
    end();
    while (!log_.release() && steady_clock::now() < deadline)
        std::this_thread::sleep_for(between_attempts);
    key_.withdraw();
}

}  // namespace coffer::replication
