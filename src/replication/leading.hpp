// What a leader does beside appending: keeps its right to answer and the lease of its key alive, on
// threads of its own, and gives both up at the end.
//
// Thread safety  has_ended is for any thread, the rest for one.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "replication/campaign.hpp"
#include "replication/replicated_log.hpp"
#include "replication/replication_options.hpp"

namespace coffer::replication {

class leading {
public:
    /// Starts. All must outlive it. Throws std::system_error.
    leading(replicated_log& log, campaign& key, const won_term& term,
            const replication_options& options);
    ~leading() { end(); }
    leading(const leading&) = delete;
    leading& operator=(const leading&) = delete;

    /// Whether the term is over for good: another node may lead.
    [[nodiscard]] bool has_ended() const noexcept {
        return has_ended_.load(std::memory_order_relaxed);  // orders nothing
    }

    /// Ends its threads. Does nothing when called again.
    void end() noexcept;
    /// Hands over, after the last append: says so in the log, and removes the key. Tries until
    /// `deadline`; without success the key is removed all the same.
    void hand_over(std::chrono::steady_clock::time_point deadline);

private:
    void repeat(std::chrono::milliseconds every, const std::function<bool()>& act);

    replicated_log& log_;
    campaign& key_;
    std::atomic<bool> has_ended_{false};
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_ending_ = false;  // under the mutex
    std::thread beat_;        // the last members: they use the others
    std::thread renewal_;
};

}  // namespace coffer::replication
