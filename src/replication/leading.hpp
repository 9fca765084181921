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

#include "engine/engine.hpp"
#include "replication/campaign.hpp"
#include "replication/replicated_log.hpp"
#include "replication/replication_options.hpp"

namespace coffer::replication {

/// A call that a thread of its own makes at once and then each `every`, until it returns false.
class repeated_call {
public:
    /// Throws std::system_error.
    repeated_call(std::chrono::milliseconds every, std::function<bool()> act);
    ~repeated_call() { end(); }
    repeated_call(const repeated_call&) = delete;
    repeated_call& operator=(const repeated_call&) = delete;

    /// Returns at once. At most the call that has begun, or is about to, is still made.
    void begin_to_end() noexcept;
    void end() noexcept;

private:
    void run();

    const std::chrono::milliseconds every_;
    const std::function<bool()> act_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_ending_ = false;  // under the mutex
    std::thread thread_;      // the last member: it uses the others
};

/// Renews the lease of a term's key as long as this is there. Throws std::system_error.
[[nodiscard]] repeated_call renew_lease(key_value_store& store, const won_term& term,
                                        key_value_store::timeout within);

class leading {
public:
    /// Starts. All must outlive it. Throws std::system_error.
    leading(key_value_store& store, replicated_log& log, campaign& key, const won_term& term,
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
    /// Hands over: ends the journal of `of`, which writes to the log; appends `released`, trying
    /// for as long as `within`; and removes the key. If the journal has not ended by `deadline`, it
    /// may still use the log: then this removes the key alone, and returns false. The caller can
    /// only end the process then.
    [[nodiscard]] bool hand_over(engine& of, std::chrono::steady_clock::time_point deadline,
                                 std::chrono::milliseconds within);
    /// Whether hand_over has it in the log: else the next leader waits for this one's lease.
    [[nodiscard]] bool is_released() const noexcept { return is_released_; }

private:
    void warn_if_not_confirmed();

    replicated_log& log_;
    campaign& key_;
    std::atomic<bool> has_ended_{false};
    bool is_released_ = false;
    std::chrono::steady_clock::time_point warn_again_{};  // the beat's thread's own
    repeated_call beat_;                                  // the last members: they use the others
    repeated_call renewal_;
};

}  // namespace coffer::replication
