#include "http/connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include "http/limits.hpp"
#include "http/text_memory.hpp"
#include "http/worker.hpp"

namespace coffer::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

std::chrono::seconds patience(session::phase phase, const limits& allowed) noexcept {
    switch (phase) {
        case session::phase::idle:
            return allowed.idle_timeout;
        case session::phase::head:
            return allowed.head_timeout;
        case session::phase::body:
            return allowed.body_timeout;
        case session::phase::closing:
            break;
    }
    return allowed.linger_timeout;
}

bool blocked(const error_code& error) noexcept {
    return error == asio::error::would_block || error == asio::error::interrupted;
}

// What an idle client costs, beside the event loop's part of some hundred bytes.
static_assert(sizeof(connection) <= 512);

}  // namespace

connection::connection(worker& owner, tcp_socket socket, admission::place place)
    : owner_{owner},
      socket_{std::move(socket)},
      place_{std::move(place)},
      held_{owner.held()},
      session_{owner.context()} {
    error_code ignored;  // a socket that cannot do this will fail again where it matters
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
}

void connection::start(handle self) {
    self_ = self;
    if (!place_.is_admitted())
        return turn_away();
    set_deadline(owner_.limits().idle_timeout);
    wait(tcp_socket::wait_read);
    if (owner_.draining())
        drain();
}

void connection::turn_away() {
    std::string& out = owner_.write_buffer();
    out.clear();
    session_.turn_away(out);
    send(out);
}

// Waiting and then reading without blocking, rather than an asynchronous read, lets all connections
// of a worker share its buffers: an idle one holds none.
void connection::wait(asio::socket_base::wait_type what) {
    socket_.async_wait(what, [this](error_code) {  // an error shows again at the next call
        waiting_ = false;
        on_ready();
    });
    waiting_ = true;
}

void connection::on_ready() {
    if (expired_)
        return give_up();
    if (!unsent_.empty())
        return send_rest();
    if (session_.has_more())
        return serve({});
    read();
}

void connection::read() {
    error_code error;
    const auto buffer = owner_.read_buffer();
    const std::size_t size = socket_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
    if (blocked(error)) {
        const bool over = owner_.draining() && session_.now() == session::phase::idle;
        return over ? close() : wait(tcp_socket::wait_read);
    }
    if (error)  // most often the end of the stream
        return close();
    if (lingering_)
        return linger(size);
    serve({buffer.data(), size});
}

void connection::serve(std::string_view bytes) {
    const session::phase before = session_.now();
    std::string& out = owner_.write_buffer();
    out.clear();
    // Short of memory, a connection gets no more replies at once than its socket will likely take.
    const std::size_t most = owner_.held().is_over() ? 1 : owner_.limits().requests_per_wake;
    if (unfinished_.empty()) {
        const std::size_t used = session_.feed(bytes, out, most);
        unfinished_ = bytes.substr(used);
    } else {
        unfinished_ += bytes;
        unfinished_.erase(0, session_.feed(unfinished_, out, most));
    }
    if (owner_.held().is_over())
        let_go(out);
    if (unfinished_.empty() || session_.now() == session::phase::closing)
        give_back(unfinished_);
    count_held();
    if (!out.empty() || session_.now() != before)
        set_deadline(patience(session_.now(), owner_.limits()));
    send(out);
}

// What is small may always be kept: a request that comes in two pieces is no attack.
void connection::let_go(std::string& out) {
    if (session_.now() != session::phase::closing && unfinished_.size() > small_bytes)
        session_.turn_away(out);
}

void connection::count_held() noexcept {
    held_.set(held_bytes_of(unfinished_) + session_.held_bytes() + held_bytes_of(unsent_));
}

// After the last reply. Closing a socket that has unread bytes resets it, and the client might lose
// the reply: so they are read, up to a point.
void connection::linger(std::size_t bytes) {
    lingered_bytes_ += bytes;
    if (lingered_bytes_ > linger_bytes)
        return close();
    wait(tcp_socket::wait_read);
}

void connection::send(std::string_view bytes) {
    error_code error;
    std::size_t sent = 0;
    if (!bytes.empty())
        sent = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    if (error && !blocked(error))
        return close();
    if (sent == bytes.size())
        return after_send();
    unsent_ = bytes.substr(sent);
    count_held();
    set_deadline(owner_.limits().write_timeout);
    wait(tcp_socket::wait_write);
}

void connection::send_rest() {
    error_code error;
    const std::size_t sent =
        socket_.write_some(asio::buffer(unsent_.data(), unsent_.size()), error);
    if (error && !blocked(error))
        return close();
    unsent_.erase(0, sent);
    if (!unsent_.empty())
        return wait(tcp_socket::wait_write);
    give_back(unsent_);
    count_held();
    set_deadline(patience(session_.now(), owner_.limits()));
    after_send();
}

void connection::after_send() {
    if (session_.now() == session::phase::closing)
        return finish_sending();
    if (!session_.has_more())
        return wait(tcp_socket::wait_read);
    // The others' turn. Waiting to write, not to read: what to go on with is here already, and a
    // client that takes no replies gets no more of them.
    set_deadline(owner_.limits().write_timeout);
    wait(tcp_socket::wait_write);
}

void connection::finish_sending() {
    error_code error;
    socket_.shutdown(tcp_socket::shutdown_send, error);
    if (error || !place_.may_linger())
        return close();
    lingering_ = true;
    set_deadline(owner_.limits().linger_timeout);
    wait(tcp_socket::wait_read);
}

void connection::set_deadline(std::chrono::seconds patience) noexcept {
    deadline_ = std::min(tick_after(owner_.now(), patience), owner_.drained_by());
}

void connection::check_deadline() {
    expired_ = owner_.now() >= deadline_;
    if (expired_ || !waiting_)
        wake();
}

void connection::drain() {
    session_.drain();
    deadline_ = std::min(deadline_, owner_.drained_by());
    wake();
}

// Ends the wait, so that whatever is to be done is done in on_ready like everything else.
void connection::wake() {
    if (!waiting_)  // its handler threw: nothing will ever happen to it again
        return close();
    error_code ignored;
    socket_.cancel(ignored);
}

void connection::give_up() {
    expired_ = false;
    std::string& out = owner_.write_buffer();
    out.clear();
    if (unsent_.empty() && !lingering_ && !session_.has_more())
        session_.time_out(out);
    if (out.empty())
        return close();
    set_deadline(owner_.limits().linger_timeout);
    send(out);
}

void connection::close() {
    owner_.remove(self_);
}

}  // namespace coffer::http
