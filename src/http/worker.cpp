#include "http/worker.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <ctime>
#include <exception>
#include <utility>

#include "http/reply_writer.hpp"
#include "ops/log.hpp"

namespace coffer::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

}  // namespace

worker::worker(engine& books, commons& common, const listen_address& where, bool shared)
    : common_{common},
      events_{1},  // one thread runs it
      acceptor_{events_},
      timer_{events_},
      context_{books, date_text(std::time(nullptr)), {}, common.limits},
      read_buffer_(read_bytes) {
    const tcp::endpoint endpoint{asio::ip::make_address(where.host), where.port};
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(asio::socket_base::reuse_address{true});
    if (shared)
        acceptor_.set_option(reuse_port{true});
    acceptor_.bind(endpoint);
    acceptor_.listen(asio::socket_base::max_listen_connections);
    acceptor_.non_blocking(true);
}

void worker::share_address() {
    acceptor_.set_option(reuse_port{true});
}

listen_address worker::address() const {
    const tcp::endpoint endpoint = acceptor_.local_endpoint();
    return {endpoint.address().to_string(), endpoint.port()};
}

void worker::run() {
    accept();
    wait_for_tick();
    for (;;) {
        try {
            events_.run();
            return;
        } catch (const std::exception& failure) {
            // Out of memory, most likely. If it was a connection's, it is closed at the next tick.
            log::error("a handler failed: {}", failure.what());
        }
    }
}

void worker::drain(std::chrono::seconds patience) {
    asio::post(events_, [this, patience] { drain_here(patience); });
}

void worker::remove(connection::handle gone) {
    connections_.erase(gone);
    if (draining() && connections_.empty())
        timer_.cancel();
    // It may have been paused for want of the place or the descriptor that is free now.
    if (!draining() && !accepting_)
        accept();
}

void worker::accept() {
    accepting_ = true;
    acceptor_.async_accept(accepted_from_, [this](error_code error, tcp_socket socket) {
        accepting_ = false;
        if (!error)
            take(std::move(socket), accepted_from_);
        else if (error != asio::error::operation_aborted &&
                 error != asio::error::connection_aborted)
            return pause_accepting(error.message());
        // If there is no room at all, it goes on when somebody has left, or at the next tick.
        if (!draining() && !accepting_ && !common_.admission.is_full())
            accept();
    });
}

// Out of file descriptors, most likely: tried again at each tick, said once a minute.
void worker::pause_accepting(const std::string& reason) {
    constexpr tick said_every = 60;
    if (now_ >= next_complaint_)
        log::warn("cannot accept connections, pausing: {}", reason);
    next_complaint_ = std::max(next_complaint_, now_ + said_every);
}

void worker::take(tcp_socket socket, const tcp::endpoint& from) {
    connections_.emplace_front(*this, std::move(socket), common_.admission.admit(from.address()));
    connections_.front().start(connections_.begin());
}

void worker::wait_for_tick() {
    timer_.expires_after(std::chrono::seconds{1});
    timer_.async_wait([this](error_code) {
        if (draining() && connections_.empty())
            return;
        wait_for_tick();  // first: whatever throws below, there is a next tick
        on_tick();
    });
}

void worker::on_tick() {
    ++now_;
    put_date(std::time(nullptr), context_.date);
    for (auto at = connections_.begin(); at != connections_.end();) {
        const auto next = std::next(at);
        at->check_deadline();
        at = next;
    }
    if (!accepting_ && !draining() && !common_.admission.is_full())
        accept();
}

void worker::drain_here(std::chrono::seconds patience) {
    if (draining())
        return;
    drained_by_ = tick_after(now_, patience);
    accept_backlog();
    for (auto at = connections_.begin(); at != connections_.end();) {
        const auto next = std::next(at);
        at->drain();
        at = next;
    }
    if (connections_.empty())
        timer_.cancel();
}

// Clients that the kernel has connected already may have sent a request.
void worker::accept_backlog() {
    error_code error;
    while (!error) {
        tcp_socket socket{events_};
        tcp::endpoint from;
        acceptor_.accept(socket, from, error);
        if (!error)
            take(std::move(socket), from);
    }
    acceptor_.close(error);
}

}  // namespace coffer::http
