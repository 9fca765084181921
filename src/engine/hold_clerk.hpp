// The clerk: makes the expiries of holds whose time has come, and forgets holds that ended long
// ago.
//
// Guarantees     A hold expires within some 100 ms of its time in record time, if the journal takes
//                postings; at a full or hanging disk later. Each expiry is a posting of the clerk's
//                own teller, made only if there is room for its record. A capture that comes first
//                wins, and one that comes after the hold's time finds it expired: see teller.hpp.
//                Ended holds are forgotten when ended_holds says so, once their end is durable.
// Thread safety  start and stop are for one thread; work is for that of the clerk, or for tests
//                that have not started it.
//
// It works in short turns with rests between them, so that postings do not wait for it: a million
// holds that expire at once keep it busy for some 20 s, with a twentieth of a processor.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>

#include <coffer/hold.hpp>

namespace coffer {

class engine;
class teller;

class hold_clerk {
public:
    /// The most that one turn does.
    static constexpr std::size_t most_expiries = 64;
    static constexpr std::size_t most_slots = 4096;
    static constexpr std::size_t most_forgotten = 256;

    /// `of` must outlive it.
    explicit hold_clerk(engine& of) noexcept;
    ~hold_clerk() { stop(); }
    hold_clerk(const hold_clerk&) = delete;
    hold_clerk& operator=(const hold_clerk&) = delete;

    /// Starts its thread. The engine is open. Throws std::system_error.
    void start();
    /// Ends the thread after its turn, which waits for nothing. To be called before the engine is
    /// closed. Does nothing when called again, or not started.
    void stop() noexcept;

    /// One turn. Returns how long to rest until the next.
    std::chrono::milliseconds work() noexcept;

private:
    /// What a turn has left.
    struct budget {
        std::size_t expiries = most_expiries;
        std::size_t slots = most_slots;
        bool is_stuck = false;  ///< no expiry can be made now
    };

    void run() noexcept;
    void expire_some(std::int64_t time_ns, budget& left) noexcept;
    void visit(std::size_t chunk, std::int64_t time_ns, budget& left) noexcept;
    [[nodiscard]] bool forget_some() noexcept;
    [[nodiscard]] std::int64_t record_time_ns() noexcept;
    [[nodiscard]] std::uint64_t last_sequence(account_number account) const noexcept;

    engine& engine_;
    teller& teller_;
    // A round goes through all chunks of slots of which some hold may have expired.
    bool in_round_ = false;
    bool goes_through_all_ = false;  // this round, with or without a bound
    bool is_first_round_ = true;
    std::size_t next_chunk_ = 0;

    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;  // under the mutex
    std::thread thread_;
};

}  // namespace coffer
