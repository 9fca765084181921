#include "engine/history_reader.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "journal/batch_log.hpp"
#include "journal/interruption.hpp"
#include "ops/log.hpp"

namespace coffer {

history_job::outcome history_job::run(journal::history& past,
                                      std::chrono::steady_clock::time_point deadline) noexcept {
    try {
        if (!past.reach(durable_record_, deadline))
            return outcome::late;
        read(past);
        return outcome::done;
    } catch (const journal::history_trimmed& trimmed) {
        beginning_ = trimmed.beginning();
        return outcome::trimmed;
    } catch (const journal::history_unavailable&) {
        return outcome::late;
    } catch (const std::exception& failure) {
        log::error("the history cannot be read: {}", failure.what());
    }
    return outcome::failed;
}

history_reader::history_reader(journal::history& past,
                               std::function<std::uint64_t()> durable_record, const options& chosen)
    : past_{past}, durable_record_{std::move(durable_record)}, chosen_{chosen} {
    try {
        for (std::size_t i = 0; i != chosen_.threads; ++i) {
            threads_.emplace_back([this] { work(); });
        }
    } catch (...) {
        stop();
        throw;
    }
}

service history_reader::ask(const std::shared_ptr<history_job>& job, std::function<void()> on_end) {
    job->outcome_.store(history_job::outcome::pending,
                        std::memory_order_relaxed);  // not shared yet
    job->durable_record_ = durable_record_();
    job->on_end_ = std::move(on_end);
    {
        const std::lock_guard lock{mutex_};
        if (waiting_.size() == max_waiting)
            std::erase_if(waiting_, [](const auto& one) { return one.expired(); });
        if (stopping_ || waiting_.size() == max_waiting)
            return service::unavailable;
        waiting_.push_back(job);
    }
    changed_.notify_one();
    return service::done;
}

/// Waits for the next job; null when it is time to end.
std::shared_ptr<history_job> history_reader::next() {
    std::unique_lock lock{mutex_};
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty())
            return nullptr;
        std::shared_ptr<history_job> first = waiting_.front().lock();
        waiting_.pop_front();
        if (first != nullptr)
            return first;
        // It is as good as ended: others may wait for that.
        ended_.fetch_add(1, std::memory_order_release);
    }
}

void history_reader::work() noexcept {
    {
        const std::lock_guard lock{mutex_};
        ++running_;
    }
    while (const std::shared_ptr<history_job> job = next()) {
        // Once the job has ended, the thread that asked may forget it, or ask for it again.
        const auto on_end = std::move(job->on_end_);
        const journal::interruption::condition has_ended = [this, &job] {
            return job.use_count() == 1 || stopping_;
        };
        history_job::outcome how{};
        {
            const journal::interruption early{has_ended};
            how = job->run(past_, std::chrono::steady_clock::now() + chosen_.patience);
        }
        job->end(how);
        ended_.fetch_add(1, std::memory_order_release);
        if (on_end)
            on_end();
    }
    const std::lock_guard lock{mutex_};
    --running_;
    changed_.notify_all();
}

void history_reader::begin_to_stop() noexcept {
    std::deque<std::weak_ptr<history_job>> refused;
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        refused.swap(waiting_);
    }
    changed_.notify_all();
    for (const auto& each : refused) {
        const std::shared_ptr<history_job> one = each.lock();
        if (one == nullptr)
            continue;
        const auto on_end = std::move(one->on_end_);
        one->end(history_job::outcome::late);
        if (on_end)
            on_end();
    }
}

void history_reader::stop() noexcept {
    begin_to_stop();
    for (std::thread& one : threads_)
        one.join();
    threads_.clear();
}

bool history_reader::stop_by(std::chrono::steady_clock::time_point deadline) noexcept {
    begin_to_stop();
    {
        deadline = std::max(deadline, std::chrono::steady_clock::now() + std::chrono::seconds{1});
        std::unique_lock lock{mutex_};
        if (!changed_.wait_until(lock, deadline, [this] { return running_ == 0; }))
            return false;
    }
    stop();
    return true;
}

}  // namespace coffer
