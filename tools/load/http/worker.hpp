// One thread of the generator: its event loop, its connections and its share of the load.
#pragma once

#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/circular_buffer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "load/http/connection.hpp"
#include "load/http/plan.hpp"
#include "load/schedule.hpp"
#include "load/skew.hpp"
#include "load/tally.hpp"

namespace coffer::load {

/// Thread safety: run() in one thread, completed() and troubled() from any; for others the rest is
/// before or after.
class worker {
public:
    /// The `which`-th of as many workers as are chosen.
    worker(const plan&, std::size_t which);

    /// Asks, waits for the replies, and returns once there are no more, or their time is over.
    void run();

    [[nodiscard]] std::uint64_t completed() const noexcept {
        return completed_.load(std::memory_order_relaxed);  // a figure to show, nothing hangs on it
    }
    [[nodiscard]] std::uint64_t troubled() const noexcept {
        return troubled_.load(std::memory_order_relaxed);  // as above
    }
    [[nodiscard]] tally& counted() noexcept { return counted_; }
    [[nodiscard]] std::deque<connection>& connections() noexcept { return connections_; }

    // For its connections.

    [[nodiscard]] boost::asio::io_context& events() noexcept { return events_; }
    [[nodiscard]] const options& chosen() const noexcept { return plan_.chosen; }
    [[nodiscard]] server_list& servers() noexcept { return servers_; }
    /// A buffer for the connection whose turn it is: what is in it is gone at the next one's.
    [[nodiscard]] std::span<char> read_buffer() noexcept { return read_buffer_; }
    [[nodiscard]] std::int64_t now_ns() const noexcept { return plan_.now_ns(); }
    /// Takes the time that replies are counted at, once for all that came together.
    void read_clock() noexcept { clock_ns_ = now_ns(); }
    [[nodiscard]] std::int64_t random_below(std::int64_t bound) {
        return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(bound));
    }

    void write(const request& one, std::string& out) const {
        plan_.writer.write(one, plan_.chosen.accounts, out);
    }
    void replied(const request&, verdict);
    /// Requests without a reply.
    void lost(const boost::circular_buffer<request>&);
    /// Gives the connection as much to do as is due.
    void refill(connection&);

private:
    using timer =
        boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                          boost::asio::wait_traits<std::chrono::steady_clock>,
                                          boost::asio::io_context::executor_type>;

    void add_connection(std::size_t which);
    [[nodiscard]] request make(connection&, std::int64_t intended_ns, std::int64_t now_ns);
    void choose_payees(connection&, request&);
    void list(connection&);
    [[nodiscard]] connection* next_that_can_send();
    void dispatch();
    void wait_for_due();
    void wait_for_tick();
    void tick();
    void kill_some(std::int64_t now_ns);

    const plan& plan_;
    server_list servers_{plan_.servers};
    boost::asio::io_context events_{1};
    timer ticks_{events_};
    timer due_{events_};
    random_source random_;
    std::optional<schedule> schedule_;
    std::optional<schedule> kills_;
    tally counted_;
    std::vector<char> read_buffer_ = std::vector<char>(256 * 1024);
    std::deque<connection> connections_;
    std::deque<connection*> can_send_;
    std::vector<connection*> rendered_;
    std::int64_t clock_ns_ = 0;
    bool waiting_for_due_ = false;
    std::atomic<std::uint64_t> completed_{0};
    std::atomic<std::uint64_t> troubled_{0};
};

}  // namespace coffer::load
