// The clerk: makes the expiries of holds whose time has come, and forgets holds that ended long
// ago.
//
// Guarantees     A hold expires within some 100 ms of its time in record time, unless very many are
//                due at once: the clerk goes through them in the order of their slots, a chunk at
//                a time, and comes to each within two rounds. At a full or hanging disk it expires
//                later. Each expiry is a posting of the clerk's own teller, made only if there is
//                room for its record. A capture that comes first wins, and one that comes after the
//                hold's time finds it expired: see teller.hpp. Ended holds are forgotten when they
//                have been known for long enough (see ended_holds), once their end is durable.
// Thread safety  start and stop are for one thread; work is for that of the clerk, or for tests
//                that have not started it.
//
// It works in short turns and rests for as long after each (1 to 4 ms), so that postings do not
// wait for it: a million holds that expire at once keep it busy for a few seconds.
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
    /// The most that one turn does. It ends after the chunk with which one of them is reached.
    static constexpr std::chrono::milliseconds most_time{1};
    static constexpr std::size_t most_expiries = 512;
    static constexpr std::size_t most_slots = 16'384;
    static constexpr std::size_t most_forgotten = 512;

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
    std::chrono::nanoseconds work() noexcept;

private:
    /// What a turn has left.
    struct budget {
        std::uint64_t until_ns;  ///< running time
        std::size_t expiries = most_expiries;
        std::size_t slots = most_slots;
        bool is_stuck = false;  ///< no expiry can be made now
    };

    void run() noexcept;
    [[nodiscard]] bool has_left(const budget& left) const noexcept;
    void expire_some(std::int64_t time_ns, budget& left) noexcept;
    void visit(std::size_t chunk, std::int64_t time_ns, budget& left) noexcept;
    [[nodiscard]] bool forget_some() noexcept;
    [[nodiscard]] std::int64_t record_time_ns() noexcept;

    engine& engine_;
    teller& teller_;
    // A round goes through all chunks of slots of which some hold may have expired.
    bool in_round_ = false;
    bool goes_through_all_ = false;  // this round, with or without a bound
    std::size_t next_chunk_ = 0;

    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;  // under the mutex
    std::thread thread_;
};

}  // namespace coffer
