#include "engine/leadership.hpp"

#include <ctime>
#include <utility>

namespace coffer {

std::chrono::nanoseconds leadership::boottime() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
}

void leadership::become(node_role one) noexcept {
    until_ns_.store(0, std::memory_order_relaxed);
    asked_to_step_down_.store(false, std::memory_order_relaxed);
    // Release: pairs with the acquire in role, so that a new leader has no old moment.
    role_.store(one, std::memory_order_release);
}

void leadership::answer_until(std::chrono::nanoseconds boottime) noexcept {
    std::int64_t before = until_ns_.load(std::memory_order_relaxed);
    while (before >= 0 && before < boottime.count() &&
           !until_ns_.compare_exchange_weak(before, boottime.count(), std::memory_order_relaxed,
                                            std::memory_order_relaxed))
        ;
}

void leadership::stop_answering() noexcept {
    until_ns_.store(-1, std::memory_order_relaxed);  // no later moment replaces it
}

void leadership::set_leader_url(const std::string& url) {
    const std::lock_guard lock{mutex_};
    leader_url_ = url;
}

std::string leadership::leader_url() const {
    const std::lock_guard lock{mutex_};
    return leader_url_;
}

void leadership::set_applied(const position& now) noexcept {
    applied_record_.store(now.record, std::memory_order_relaxed);
    // Release: pairs with the acquire in applied, so that no record seems newer than it is.
    at_end_ns_.store(now.at_end.count(), std::memory_order_release);
}

leadership::position leadership::applied() const noexcept {
    const std::chrono::nanoseconds at_end{at_end_ns_.load(std::memory_order_acquire)};
    return {applied_record_.load(std::memory_order_relaxed), at_end};
}

std::chrono::nanoseconds leadership::age() const noexcept {
    return boottime() - applied().at_end;
}

void leadership::set_nodes(std::vector<node_status> nodes) {
    const std::lock_guard lock{mutex_};
    nodes_ = std::move(nodes);
}

std::vector<node_status> leadership::nodes() const {
    const std::lock_guard lock{mutex_};
    return nodes_;
}

bool leadership::ask_to_step_down() noexcept {
    if (role() != node_role::leader)
        return false;
    asked_to_step_down_.store(true, std::memory_order_relaxed);
    return true;
}

}  // namespace coffer
