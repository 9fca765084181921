#include "replication/local_copy.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace coffer::replication {

using journal::log_status;

namespace {

constexpr const char* hangs_for_too_long = "the disk has not answered within --disk-timeout";
// Making room writes a whole file: a disk that is only slow may take so many time-outs.
constexpr int timeouts_for_room = 12;

}  // namespace

local_copy::local_copy(journal::batch_log& into, std::chrono::milliseconds disk_timeout,
                       bool in_background, std::function<void()> on_hang)
    : into_{into},
      disk_timeout_{disk_timeout},
      on_hang_{std::move(on_hang)},
      status_{into.wait_durable()},
      written_record_{into.tail().next_record - 1},
      synced_record_{status_ ? written_record_ : 0} {
    if (in_background)
        thread_ = std::thread{[this] { run(); }};
}

local_copy::~local_copy() {
    if (!thread_.joinable())
        return;
    {
        const std::lock_guard lock{mutex_};
        is_stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

log_status local_copy::write(const journal::batch_view& one) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, disk_timeout_, [this] { return !is_pending_; }))
        status_ = {journal::log_errc::failed, hangs_for_too_long};
    if (!status_)
        return status_;
    // The other thread waits for is_pending_, and readers of synced_record_ need the mutex for a
    // moment only: not held while the disk works.
    writing_since_ = clock::now();
    lock.unlock();
    log_status status = append(one);
    lock.lock();
    writing_since_.reset();
    if (!status_)  // it took too long
        return status_;
    if (!status) {
        if (status.error != journal::log_errc::no_room)
            status_ = status;
        return status;
    }
    written_record_ = one.after().next_record - 1;
    if (thread_.joinable())
        is_pending_ = true;
    else
        synced_record_ = written_record_;
    lock.unlock();
    changed_.notify_all();
    return status;
}

log_status local_copy::append(const journal::batch_view& one) {
    try {
        log_status status = into_.append(one);
        if (status && !thread_.joinable())
            status = into_.wait_durable();
        return status;
    } catch (...) {
        const std::lock_guard lock{mutex_};
        writing_since_.reset();
        throw;
    }
}

log_status local_copy::make_room(std::size_t least_bytes) {
    struct making {
        local_copy& of;
        making(local_copy& one, std::size_t bytes) : of{one} {
            const std::lock_guard lock{of.mutex_};
            of.least_bytes_ = bytes;
            of.making_room_since_ = clock::now();
        }
        ~making() {
            const std::lock_guard lock{of.mutex_};
            of.making_room_since_.reset();
        }
    } const now{*this, least_bytes};
    return into_.make_room();
}

/// Under the mutex.
bool local_copy::hangs() const noexcept {
    const auto now = clock::now();
    return (writing_since_ && *writing_since_ < now - disk_timeout_) ||
           (making_room_since_ && *making_room_since_ < now - timeouts_for_room * disk_timeout_ &&
            !into_.has_room(least_bytes_));
}

/// Watches the threads that write meanwhile.
void local_copy::wait_for_work(std::unique_lock<std::mutex>& lock) noexcept {
    constexpr int looks = 8;         // in a time-out
    constexpr int enough_looks = 2;  // a process that stood still can go on after the first
    int late_looks = 0;
    const auto pause = std::max(disk_timeout_ / looks, std::chrono::milliseconds{1});
    while (!changed_.wait_for(lock, pause, [this] { return is_pending_ || is_stopping_; })) {
        late_looks = status_ && hangs() ? late_looks + 1 : 0;
        if (late_looks != enough_looks)
            continue;
        status_ = {journal::log_errc::failed, hangs_for_too_long};
        if (!on_hang_)
            continue;
        lock.unlock();
        on_hang_();
        lock.lock();
    }
}

std::uint64_t local_copy::synced_record() const noexcept {
    const std::lock_guard lock{mutex_};
    return synced_record_;
}

bool local_copy::wait_synced(std::uint64_t record, std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock{mutex_};
    const bool is_known = changed_.wait_until(
        lock, deadline, [this, record] { return synced_record_ >= record || !status_; });
    return is_known && synced_record_ >= record;
}

void local_copy::run() noexcept {
    std::unique_lock lock{mutex_};
    for (;;) {
        wait_for_work(lock);
        if (!is_pending_)
            return;
        lock.unlock();
        log_status status;
        try {
            status = into_.wait_durable();
        } catch (const std::exception& error) {
            status = {journal::log_errc::failed, error.what()};
        }
        lock.lock();
        if (status)
            synced_record_ = written_record_;
        else
            status_ = std::move(status);
        is_pending_ = false;
        changed_.notify_all();
    }
}

}  // namespace coffer::replication
