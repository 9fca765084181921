// One socket and its session: moves bytes, decides nothing.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>

#include "http/admission.hpp"
#include "http/held_bytes.hpp"
#include "http/session.hpp"
#include "http/ticks.hpp"

namespace coffer::http {

class worker;

// With the executor's concrete type: any_io_executor costs an indirect call at every step.
using tcp_socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// Belongs to one worker and its thread. Invariant: outside on_ready it waits for its socket to
/// become readable or writable, never for both; within, it waits for nothing, and may be destroyed.
class connection {
public:
    using handle = std::list<connection>::iterator;

    connection(worker& owner, tcp_socket socket, admission::place place);
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Begins to serve; or tells the client that there is no place for it, and closes. `self` is
    /// where it stands in the worker's list. May destroy it.
    void start(handle self);

    /// Answers 408 if a request was due, and closes, once its deadline is over; or closes if its
    /// handler has thrown. May destroy it.
    void check_deadline();

    /// The server is stopping: answers what has arrived, then closes. May destroy it.
    void drain();

private:
    void wait(boost::asio::socket_base::wait_type);
    void on_ready();
    void read();
    void serve(std::string_view bytes);
    void turn_away();
    void let_go(std::string& out);
    void count_held() noexcept;
    void linger(std::size_t bytes);
    void send(std::string_view bytes);
    void send_rest();
    void after_send();
    void finish_sending();
    void set_deadline(std::chrono::seconds) noexcept;
    void wake();
    void give_up();
    void close();

    worker& owner_;
    tcp_socket socket_;
    admission::place place_;
    held_share held_;
    session session_;
    handle self_;
    std::string unfinished_;  // the beginning of a request
    std::string unsent_;      // what the socket did not take yet
    tick deadline_ = 0;
    std::size_t lingered_bytes_ = 0;
    bool waiting_ = false;
    bool lingering_ = false;
    bool expired_ = false;
};

}  // namespace coffer::http
