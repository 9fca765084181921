// One socket and its session: moves bytes, decides nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>

#include "http/admission.hpp"
#include "http/buffered_bytes.hpp"
#include "http/event_loop.hpp"
#include "http/session.hpp"
#include "http/tcp_socket.hpp"
#include "http/ticks.hpp"

namespace coffer::http {

class worker;

/// Belongs to one worker and its thread. Invariant: between its turns it waits for its socket to
/// become readable or writable, never for both; or for its teller, and meanwhile reads nothing.
/// Each turn may destroy it.
class connection final : public event_loop::watcher {
public:
    using handle = std::list<connection>::iterator;

    connection(worker& owner, tcp_socket socket, admission::place place);
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Of its socket, to be watched for reading.
    [[nodiscard]] int descriptor() const noexcept { return socket_.number(); }

    /// Begins to serve; a client that got no place is answered 503 when its request comes. `self`
    /// is where it stands in the worker's list. May destroy it.
    void start(handle self);

    /// Its socket is ready.
    void on_ready() noexcept override;

    /// What its replies report is durable, or there is room for its requests. May destroy it.
    void on_durable() noexcept;

    using clock = std::chrono::steady_clock;
    /// Since when it has waited for the disk, while it does.
    [[nodiscard]] clock::time_point waiting_since() const noexcept { return waiting_since_; }
    /// It has waited for the disk for too long: says so to the client. May destroy it.
    void on_overdue() noexcept;

    /// Answers 408 if a request was due, and closes, once its deadline is over: true, and it may be
    /// destroyed.
    bool check_deadline() noexcept;

    /// The server is stopping: answers what has arrived, then closes. May destroy it.
    void drain() noexcept;

private:
    template <class Step>
    void take_turn(const Step&) noexcept;
    void wait(event_loop::interest) noexcept;
    void go_on();
    void disregard() noexcept;
    void read();
    void serve(std::string_view bytes, bool patient = true);
    [[nodiscard]] teller::ticket feed(std::string_view bytes, std::size_t most, std::string& out);
    [[nodiscard]] std::size_t most_requests() const noexcept;
    void await(teller::ticket due);
    [[nodiscard]] bool is_done() const noexcept;
    void part() noexcept;
    void turn_away_now();
    void let_go(std::string& out);
    void count_held() noexcept;
    void linger(std::size_t bytes);
    void send(std::string_view bytes);
    void send_rest();
    void after_send();
    void finish_sending() noexcept;
    void set_deadline(std::chrono::seconds) noexcept;
    void await_progress() noexcept;
    [[nodiscard]] bool has_progressed() const noexcept;
    void give_up();
    void close() noexcept;

    worker& owner_;
    tcp_socket socket_;
    admission::place place_;
    buffered_share buffered_;
    session session_;
    handle self_;
    std::string unfinished_;             // the beginning of a request
    std::string unsent_;                 // what the socket did not take yet
    clock::time_point waiting_since_{};  // with a request that is not answered; else the epoch
    tick deadline_ = 0;
    std::size_t untaken_bytes_ = 0;  // by the client, when it was last seen to take some
    std::size_t lingered_bytes_ = 0;
    event_loop::interest waits_to_ = event_loop::interest::read;
    bool lingering_ = false;
    bool awaiting_ = false;  // what its teller did is to be durable first
};

}  // namespace coffer::http
