#include "http/connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include "http/limits.hpp"
#include "http/worker.hpp"

namespace coffer::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

std::chrono::seconds patience(session::phase phase) noexcept {
    switch (phase) {
        case session::phase::idle:
            return limits::idle;
        case session::phase::head:
            return limits::head;
        case session::phase::body:
            return limits::body;
        case session::phase::closing:
            break;
    }
    return limits::linger;
}

bool blocked(const error_code& error) noexcept {
    return error == asio::error::would_block || error == asio::error::interrupted;
}

/// Gives memory back that only a large request or reply needed.
void empty(std::string& text) {
    constexpr std::size_t worth_keeping_bytes = 1024;
    if (text.capacity() > worth_keeping_bytes)
        text = {};
    else
        text.clear();
}

}  // namespace

connection::connection(worker& owner, tcp_socket socket)
    : owner_{owner}, socket_{std::move(socket)}, session_{owner.context()} {
    error_code ignored;  // a socket that cannot do this will fail again where it matters
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
}

void connection::start(handle self) {
    self_ = self;
    set_deadline(limits::idle);
    wait(tcp_socket::wait_read);
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
    if (unsent_.empty())
        read();
    else
        send_rest();
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
    std::size_t used = 0;
    if (unfinished_.empty()) {
        used = session_.feed(bytes, out);
        unfinished_ = bytes.substr(used);
    } else {
        unfinished_ += bytes;
        used = session_.feed(unfinished_, out);
        unfinished_.erase(0, used);
    }
    if (unfinished_.empty() || session_.now() == session::phase::closing)
        empty(unfinished_);
    if (!out.empty() || session_.now() != before)
        set_deadline(patience(session_.now()));
    send(out);
}

// After the last reply. Closing a socket that has unread bytes resets it, and the client might lose
// the reply: so they are read, up to a point.
void connection::linger(std::size_t bytes) {
    lingered_bytes_ += bytes;
    if (lingered_bytes_ > limits::linger_bytes)
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
    set_deadline(limits::write);
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
    empty(unsent_);
    set_deadline(patience(session_.now()));
    after_send();
}

void connection::after_send() {
    if (session_.now() == session::phase::closing)
        return finish_sending();
    wait(tcp_socket::wait_read);
}

void connection::finish_sending() {
    error_code error;
    socket_.shutdown(tcp_socket::shutdown_send, error);
    if (error)
        return close();
    lingering_ = true;
    set_deadline(limits::linger);
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
    if (unsent_.empty() && !lingering_)
        session_.time_out(out);
    if (out.empty())
        return close();
    set_deadline(limits::linger);
    send(out);
}

void connection::close() {
    owner_.remove(self_);
}

}  // namespace coffer::http
