#include "replication/local_copy.hpp"

#include <exception>

namespace coffer::replication {

using journal::log_status;

local_copy::local_copy(journal::batch_log& into, std::chrono::milliseconds disk_timeout,
                       bool in_background)
    : into_{into},
      disk_timeout_{disk_timeout},
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
        status_ = {journal::log_errc::failed, "the disk has not answered within --disk-timeout"};
    if (!status_)
        return status_;
    // The other thread waits for is_pending_, and readers of synced_record_ need the mutex for a
    // moment only: not held while the disk works.
    lock.unlock();
    log_status status = into_.append(one);
    if (status && !thread_.joinable())
        status = into_.wait_durable();
    lock.lock();
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
        changed_.wait(lock, [this] { return is_pending_ || is_stopping_; });
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
