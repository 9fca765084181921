// One thread of the server: an event loop with its own listening sockets and connections.
//
// Guarantees     At the end of each round of the event loop the worker wakes the journal once for
//                all postings of that round, so that batches are larger.
//                Connections whose ticket is durable go on in the order of their tickets; one that
//                has waited for the disk for longer than the disk timeout answers without it.
//                A connection gets at most limits::requests_per_wake requests before the others'
//                turn.
// Invariants     1. `waiting_` is sorted by ticket: a teller's tickets grow.
//                2. At most one wake-up from the journal's thread is queued, in `wake_memory_`.
// Thread safety  run() in one thread; drain() and use() from any thread; the teller's on_durable
//                callback from the journal's thread. The rest is for the worker's connections.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <memory_resource>
#include <span>
#include <string>
#include <vector>

#include "api/access_control.hpp"
#include "http/admission.hpp"
#include "http/buffered_bytes.hpp"
#include "http/connection.hpp"
#include "http/conversation.hpp"
#include "http/followers.hpp"
#include "http/limits.hpp"
#include "http/listen_address.hpp"
#include "http/listener.hpp"
#include "http/tls_context.hpp"
#include "http/worker_figures.hpp"

namespace coffer::http {

/// What the workers of a server share: the limits, and the counts that are compared with them.
/// Thread safety: any thread may use any member.
struct commons {
    explicit commons(const http::limits& allowed = {})
        : limits{allowed},
          admission{limits},
          buffered{limits.buffered_bytes},
          handshakes{limits.handshakes_bytes()} {}
    commons(const commons&) = delete;
    commons& operator=(const commons&) = delete;

    const http::limits limits;
    http::admission admission;
    buffered_total buffered;
    buffered_total handshakes;
    api::access_rules access{};
    registered<worker_signs> workers;      ///< those that there are
    std::atomic<std::size_t> numbered{0};  ///< how many there were
};

class worker {
public:
    /// `teller`, `common` and `routes` must outlive the worker. If the teller's engine keeps a
    /// journal, it must not be open yet.
    worker(coffer::teller& teller, commons& common,
           const api::route_table& routes = api::product_table);
    ~worker() { teller().on_durable({}); }
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    // Before run(). Both throw std::runtime_error with a readable reason if they cannot.

    /// Listens at `where`, alone.
    void listen(const listen_address& where, const api::listener_facts& facts = {});
    /// Listens wherever `first` does, beside it.
    void listen_beside(worker& first);

    /// Where it listens, with the ports that the system chose if it was asked to.
    [[nodiscard]] std::vector<listen_address> addresses() const;

    /// Uses this certificate for the connections that begin from now on. From any thread; due
    /// before run() where it listens with TLS. Throws std::bad_alloc.
    void use(shared_tls_context certificate);

    /// Serves until drained.
    void run();

    /// Stops accepting, answers what has arrived, closes; then run() returns. That takes at most
    /// `patience`, and two ticks for the last replies.
    void drain(std::chrono::seconds patience);

    // For its connections.

    [[nodiscard]] conversation_context& context() noexcept { return context_; }
    /// For the connection whose turn it is: the next one's turn overwrites it.
    [[nodiscard]] std::span<char> read_buffer() noexcept { return read_buffer_; }

    /// Where it listens with TLS.
    [[nodiscard]] const tls_context& tls() const noexcept { return *tls_; }

    /// Calls the connection's on_durable once `due`, which is later than any before, is durable, or
    /// its on_overdue when that takes too long. Throws std::bad_alloc.
    void await_durable(connection& one, coffer::teller::ticket due);
    /// Calls the connection's on_change once more is durable, or at the next tick. Throws
    /// std::bad_alloc.
    void await_change(connection& one) { waiting_for_change_.push_back(&one); }
    /// The same for streams that may wait for long: see followers.hpp. Throw std::bad_alloc.
    void await_news(connection& one) { followers_.await_news(one); }
    void await_turn(connection& one) { followers_.await_turn(one); }
    void await_no_longer(const connection& one) noexcept;

    /// A connection's turn has ended: what it posted is announced at the end of the round.
    void end_turn() noexcept;

    /// Destroys a connection.
    void remove(connection::handle) noexcept;

private:
    using executor = boost::asio::io_context::executor_type;
    using timer = boost::asio::basic_waitable_timer<
        std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, executor>;

    /// Memory for one handler at a time.
    class handler_memory final : public std::pmr::memory_resource {
        void* do_allocate(std::size_t bytes, std::size_t alignment) override;
        void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override;
        [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
            return this == &other;
        }
        alignas(std::max_align_t) std::array<std::byte, 192> bytes_;
    };

    void report(vital_signs& to);
    void serve();
    void wake() noexcept;
    void on_wake() noexcept;
    void end_round() noexcept;
    void release_durable() noexcept;
    void note_change() noexcept;
    void look_for_overdue_soon();
    void answer_overdue();
    [[nodiscard]] bool is_overdue(const connection& one,
                                  connection::clock::time_point now) noexcept;
    void resume_accepting() noexcept;
    void await_clients(listener& at) noexcept;
    void accept(listener& at, int most) noexcept;
    bool accept_one(listener& at);
    void complain(const std::string& why) noexcept;
    void begin_tick();
    void on_tick(std::int64_t seconds);
    void check_deadlines();
    void drain_here(std::chrono::seconds patience);
    void stop_if_done() noexcept;
    [[nodiscard]] coffer::teller& teller() noexcept { return context_.session.teller; }
    [[nodiscard]] const http::limits& limits() const noexcept { return common_.limits; }

    struct waiting {
        connection* one;
        coffer::teller::ticket due;
    };

    commons& common_;
    handler_memory wake_memory_;
    std::atomic<bool> is_woken_{false};  // a handler is posted, and has not begun
    boost::asio::io_context events_;
    shared_tls_context tls_;
    std::list<listener> listeners_;  // before the connections, which refer to them
    timer tick_timer_;
    timer overdue_timer_;
    followers followers_;
    api::access_control guard_;
    conversation_context context_;
    loop_pulse pulse_;
    std::vector<char> read_buffer_;
    std::list<connection> connections_;
    std::deque<waiting> waiting_;  // for what is not durable yet
    std::list<connection*> waiting_for_change_;
    // From here on connections wait for the disk no longer: at the end of a drain.
    connection::clock::time_point last_answers_ = connection::clock::time_point::max();
    coffer::teller::ticket announced_ = 0;
    // The next one whose deadline is checked, while that is done in parts; otherwise the end.
    connection::handle next_to_check_ = connections_.end();
    tick next_complaint_ = 0;
    bool was_late_ = false;       // the last tick, and it checked no deadline
    bool round_ends_ = false;     // a handler is posted that ends the round
    bool looks_often_ = false;    // for connections that have waited for too long
    bool overdue_timed_ = false;  // the timer for that is set
    bool accepting_ = false;
    // Last: others read the members until these are gone.
    registered<worker_signs>::registration figures_;
    registered<health_check>::registration turns_;
};

}  // namespace coffer::http
