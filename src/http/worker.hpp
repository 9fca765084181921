// One thread of the server: its own event loop, listening socket and connections.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "http/commons.hpp"
#include "http/connection.hpp"
#include "http/event_loop.hpp"
#include "http/listen_address.hpp"
#include "http/session.hpp"
#include "http/tcp_socket.hpp"
#include "http/ticks.hpp"

namespace coffer::http {

/// Thread safety: run() in one thread, drain() from any; the rest is for the worker's connections.
class worker final : event_loop::watcher {
public:
    /// Listens at `where`, alone, or with `shared` beside workers that listen there already: the
    /// kernel spreads the connections over them. Throws std::system_error.
    /// `at`, whose ledger is not open yet or is kept nowhere, and `common` must outlive it.
    worker(coffer::teller& teller, commons& common, const listen_address& where, bool shared);

    /// Lets workers of this process listen beside this one.
    void share_address() { listener_.share_address(); }

    /// Where it listens, with the port that the system chose if it was asked to.
    [[nodiscard]] listen_address address() const { return listener_.address(); }

    /// Serves until drained.
    void run();

    /// Stops accepting, answers what has arrived, closes; then run() returns. That takes at most
    /// `patience`, and two ticks for the last replies.
    void drain(std::chrono::seconds patience);

    [[nodiscard]] event_loop& loop() noexcept { return loop_; }
    [[nodiscard]] session_context& context() noexcept { return context_; }
    [[nodiscard]] coffer::teller& teller() noexcept { return context_.teller; }
    [[nodiscard]] const http::limits& limits() const noexcept { return common_.limits; }
    [[nodiscard]] buffered_total& buffered() noexcept { return common_.buffered; }
    /// Buffers for the connection whose turn it is: what is in them is gone at the next one's.
    [[nodiscard]] std::span<char> read_buffer() noexcept { return read_buffer_; }
    [[nodiscard]] std::string& write_buffer() noexcept { return write_buffer_; }
    [[nodiscard]] tick now() const noexcept { return now_; }
    [[nodiscard]] bool draining() const noexcept { return drained_by_ != never; }
    /// When everything must be over; the end of time until drain() is called.
    [[nodiscard]] tick drained_by() const noexcept { return drained_by_; }

    /// Has a connection told once its teller's `due`, which is later than any before, is durable.
    void await_durable(connection& one, teller::ticket due) { waiting_.push_back({&one, due}); }
    void await_no_longer(const connection& one) noexcept;

    /// Destroys a connection.
    void remove(connection::handle) noexcept;

private:
    static constexpr tick never = std::numeric_limits<tick>::max();

    void on_ready() noexcept override;
    void accept(int most) noexcept;
    bool accept_one();
    void watch_listener(bool watched) noexcept;
    void complain(const std::string& why) noexcept;
    void on_tick(std::uint64_t seconds);
    void check_deadlines();
    void drain_here(std::chrono::seconds patience);
    void stop_if_done() noexcept;
    void on_round();
    void release_durable() noexcept;
    void answer_overdue();
    [[nodiscard]] bool is_overdue(const connection& one,
                                  connection::clock::time_point now) noexcept;

    struct waiting {
        connection* one;
        teller::ticket due;
    };

    commons& common_;
    event_loop loop_;
    tcp_listener listener_;
    session_context context_;
    std::vector<char> read_buffer_;
    std::string write_buffer_;
    std::list<connection> connections_;
    std::deque<waiting> waiting_;              // what they wait for grows
    connection::clock::time_point next_look_;  // for those that have waited too long
    bool looks_often_ = false;                 // for them: some have waited for a tick or more
    connection::clock::time_point last_answers_ = connection::clock::time_point::max();
    // Of those whose deadlines are being looked at; the end between whiles.
    connection::handle next_to_check_ = connections_.end();
    tick now_ = 0;
    tick drained_by_ = never;
    tick next_complaint_ = 0;
    bool accepting_ = true;
};

}  // namespace coffer::http
