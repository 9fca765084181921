// A worker's listening socket at one address, and what its connections have in common.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <optional>

#include "api/request.hpp"
#include "http/listen_address.hpp"
#include "http/socket_file.hpp"

namespace coffer::http {

/// A TCP or a Unix socket. An executor type of its own, rather than any_io_executor, costs no
/// virtual calls.
using stream_socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                                       boost::asio::io_context::executor_type>;

/// Thread safety: none: it belongs to one worker and its thread.
class listener {
public:
    /// Listens at `where`, alone. Throws std::runtime_error with a readable reason if it cannot,
    /// for example if the address is in use.
    listener(boost::asio::io_context& events, const listen_address& where,
             const api::listener_facts& facts);
    /// Listens where `first` does, beside it: the kernel spreads the connections over the workers
    /// of a TCP port. A Unix socket has one queue, from which all workers take. Throws
    /// std::runtime_error.
    listener(boost::asio::io_context& events, listener& first);
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    /// Where it listens, with the port that the system chose if it was asked to.
    [[nodiscard]] const listen_address& where() const noexcept { return where_; }
    [[nodiscard]] const api::listener_facts& facts() const noexcept { return facts_; }

    /// Takes the next client that waits. Returns its address; 0.0.0.0 for one of a Unix socket.
    [[nodiscard]] boost::asio::ip::address accept(stream_socket& into,
                                                  boost::system::error_code& error);
    /// Calls `handler(error)` once a client waits. Throws std::bad_alloc.
    template <class Handler>
    void async_wait(Handler handler) {
        acceptor_.async_wait(acceptor::wait_read, handler);
        is_awaited_ = true;
    }
    [[nodiscard]] bool is_awaited() const noexcept { return is_awaited_; }
    /// For the handler: it has been called.
    void end_wait() noexcept { is_awaited_ = false; }

    [[nodiscard]] bool is_open() const noexcept { return acceptor_.is_open(); }
    void close() noexcept;

private:
    using acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol,
                                                        boost::asio::io_context::executor_type>;

    void listen_on_tcp(bool shared);
    void listen_on_path();
    void begin();

    acceptor acceptor_;
    listen_address where_;
    const api::listener_facts facts_;
    std::optional<socket_file> file_;  // of a Unix socket, of the first worker
    bool is_awaited_ = false;
};

}  // namespace coffer::http
