#include "replication/leading.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "ops/log.hpp"

namespace coffer::replication {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds between_attempts{20};
constexpr std::chrono::seconds between_warnings{10};

}  // namespace

repeated_call::repeated_call(milliseconds every, std::function<bool()> act)
    : every_{every}, act_{std::move(act)}, thread_{[this] { run(); }} {}

void repeated_call::run() {
    std::unique_lock lock{mutex_};
    for (auto next = steady_clock::now(); !is_ending_; next += every_) {
        lock.unlock();
        bool goes_on = true;
        try {
            goes_on = act_();
        } catch (const std::exception& failure) {
            log::warn("the store was not asked: {}", failure.what());
        }
        lock.lock();
        if (!goes_on)
            return;
        next = std::max(next, steady_clock::now() - every_);  // what was missed is not made up for
        changed_.wait_until(lock, next + every_, [this] { return is_ending_; });
    }
}

void repeated_call::begin_to_end() noexcept {
    {
        const std::lock_guard lock{mutex_};
        is_ending_ = true;
    }
    changed_.notify_all();
}

void repeated_call::end() noexcept {
    begin_to_end();
    if (thread_.joinable())
        thread_.join();
}

repeated_call renew_lease(key_value_store& store, const won_term& term,
                          key_value_store::timeout within) {
    return repeated_call{milliseconds{term.lease_time} / 3, [&store, lease = term.lease, within] {
                             static_cast<void>(store.keep_alive(lease, within));
                             return true;
                         }};
}

leading::leading(key_value_store& store, replicated_log& log, campaign& key, const won_term& term,
                 const replication_options& options)
    : log_{log},
      key_{key},
      // Two beats in a row may be late before an idle leader's read lease ends.
      beat_{std::min(options.beat, options.read_lease / 3),
            [this] {
                if (log_.beat()) {
                    warn_if_not_confirmed();
                    return true;
                }
                has_ended_.store(true, std::memory_order_relaxed);
                return false;
            }},
      renewal_{renew_lease(store, term, options.request_timeout)} {}

void leading::end() noexcept {
    beat_.begin_to_end();
    renewal_.begin_to_end();
    beat_.end();
    renewal_.end();
}

/// Once, and then each ten seconds.
void leading::warn_if_not_confirmed() {
    const auto now = steady_clock::now();
    if (now < warn_again_)
        return;
    const std::string why = log_.why_not_confirmed();
    if (why.empty())
        return;
    warn_again_ = now + between_warnings;
    log::warn("etcd does not confirm now that this node leads: {}", why);
}

bool leading::hand_over(engine& of, steady_clock::time_point deadline, milliseconds within) {
    const bool is_at_rest = of.close_by(deadline);
    end();
    if (is_at_rest)
        for (const auto until = steady_clock::now() + within;;) {
            is_released_ = log_.release();
            if (is_released_ || steady_clock::now() >= until)
                break;
            std::this_thread::sleep_for(between_attempts);
        }
    key_.withdraw();
    return is_at_rest;
}

}  // namespace coffer::replication
