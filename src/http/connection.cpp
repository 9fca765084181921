#include "http/connection.hpp"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>

#include <bit>
#include <boost/asio/buffer.hpp>
#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <cstdint>
#include <exception>
#include <utility>

#include "http/worker.hpp"
#include "ops/log.hpp"

namespace coffer::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Whether the call moved nothing, and is to be made again when the socket is ready.
bool is_blocked(const error_code& error) noexcept {
    return error == asio::error::would_block || error == asio::error::interrupted;
}

template <int Name>
using tcp_option = asio::detail::socket_option::integer<IPPROTO_TCP, Name>;

/// When a client that says nothing is asked whether it is there, how often, and how many times.
constexpr int ask_after_s = 60;
constexpr int ask_every_s = 15;
constexpr int most_asked = 4;

/// Has the system end the connection when the client's machine has gone without a goodbye.
void keep_alive(stream_socket& socket) noexcept {
    error_code ignored;
    socket.set_option(asio::socket_base::keep_alive{true}, ignored);
    socket.set_option(tcp_option<TCP_KEEPIDLE>{ask_after_s}, ignored);
    socket.set_option(tcp_option<TCP_KEEPINTVL>{ask_every_s}, ignored);
    socket.set_option(tcp_option<TCP_KEEPCNT>{most_asked}, ignored);
}

// What an idle client costs, beside some 250 bytes of Asio's.
static_assert(sizeof(connection) <= 640);

}  // namespace

connection::connection(worker& owner, const listener& via, stream_socket socket,
                       admission::place place)
    : owner_{owner},
      socket_{std::move(socket)},
      tls_{via.facts().is_encrypted, socket_.native_handle()},
      place_{std::move(place)},
      conversation_{owner.context(), *this, place_.which(), via.facts(),
                    std::bit_cast<std::uint64_t>(place_.who())} {
    error_code ignored;  // a socket that cannot do this will fail again at its first read
    socket_.non_blocking(true, ignored);
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    keep_alive(socket_);
}

void connection::start(handle self) noexcept {
    self_ = self;
    take_turn([this] { return conversation_.start(); });
}

void connection::on_durable() noexcept {
    awaited_ = awaited::nothing;
    take_turn([this] { return conversation_.on_durable(); });
}

void connection::on_overdue() noexcept {
    awaited_ = awaited::nothing;
    take_turn([this] { return conversation_.on_overdue(); });
}

void connection::on_change() noexcept {
    awaited_ = awaited::nothing;
    take_turn([this] { return conversation_.on_change(); });
}

bool connection::check_deadline() noexcept {
    if (is_closed_)
        return false;
    // Otherwise the wait shows it; but not if there are bytes before the end.
    if ((outstanding_ & for_reading) == 0 && has_lost_reader()) {
        close();
        return true;
    }
    bool has_passed = false;
    take_turn([&] {
        const action next = conversation_.on_tick();
        has_passed = next.what != action::kind::none;
        return next;
    });
    return has_passed;
}

void connection::drain() noexcept {
    if (is_closed_)
        return;
    if (awaited_ == awaited::change) {  // the drain is one
        owner_.await_no_longer(*this);
        awaited_ = awaited::nothing;
    }
    take_turn([this] { return conversation_.on_drain(); });
}

// Whatever goes wrong in a turn, most likely want of memory, ends this connection alone. What was
// posted in the turn is answered, if the socket takes it.
template <class Event>
void connection::take_turn(const Event& event) noexcept {
    worker& owner = owner_;  // this may be destroyed
    try {
        perform(event());
    } catch (const std::exception& failure) {
        log::error("a connection failed: {}", failure.what());
        error_code ignored;
        if (const auto replies = conversation_.after_failure(); !replies.empty())
            static_cast<void>(write_some(replies, ignored));
        close();
    }
    owner.end_turn();
}

void connection::perform(action next) {
    for (;;) {
        switch (next.what) {
            case action::kind::none:
                return;
            case action::kind::read:
                return await(awaited::readable);
            case action::kind::read_now:
                next = read();
                break;
            case action::kind::write:
                next = write(next.bytes);
                break;
            case action::kind::wait_writable:
                return await(awaited::writable);
            case action::kind::wait_durable:
                return await_durable(next.due);
            case action::kind::wait_change:
            case action::kind::wait_news:
            case action::kind::wait_turn:
                return await_change(next.what);
            case action::kind::shut_down:
                next = shut_down();
                break;
            case action::kind::close:
                return close();
        }
    }
}

connection::action connection::read() {
    if (tls_.is_on())
        return read_encrypted();
    const auto buffer = owner_.read_buffer();
    error_code error;
    const std::size_t size = socket_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
    if (is_blocked(error))
        return conversation_.on_nothing();
    if (error == asio::error::eof)
        return conversation_.on_end_of_file();
    if (error)
        return {action::kind::close};
    return conversation_.on_bytes({buffer.data(), size});
}

// A client for which there is no place costs no handshake.
connection::action connection::read_encrypted() {
    if (!place_.may_linger())
        return {action::kind::close};
    const auto buffer = owner_.read_buffer();
    tls_stream::result found = tls_.read(buffer);
    if (found.what == tls_stream::outcome::greeted) {
        if (!conversation_.may_begin_handshake())
            return {action::kind::close};
        tls_.begin_handshake(owner_.tls());
        found = tls_.read(buffer);  // a fast client's first request may be in it
    }
    switch (found.what) {
        case tls_stream::outcome::moved:
            return conversation_.on_bytes({buffer.data(), found.bytes});
        case tls_stream::outcome::blocked:
            return conversation_.on_nothing();
        case tls_stream::outcome::beginning:
            return conversation_.on_handshake();
        case tls_stream::outcome::http:
            return conversation_.on_missing_tls();
        case tls_stream::outcome::refused:
            return conversation_.on_failed_handshake();
        case tls_stream::outcome::greeted:
        case tls_stream::outcome::ended:
            break;
    }
    return conversation_.on_end_of_file();
}

connection::action connection::write(std::string_view bytes) {
    error_code error;
    const std::size_t size = write_some(bytes, error);
    if (error && !is_blocked(error))
        return {action::kind::close};
    return conversation_.on_sent(size);
}

std::size_t connection::write_some(std::string_view bytes, error_code& error) {
    if (tls_.is_on()) {
        const auto [what, size] = tls_.write(bytes);
        if (what != tls_stream::outcome::moved)
            error = what == tls_stream::outcome::blocked ? asio::error::would_block
                                                         : asio::error::broken_pipe;
        return size;
    }
    return socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
}

connection::action connection::shut_down() {
    tls_.end_sending();
    error_code error;
    socket_.shutdown(stream_socket::shutdown_send, error);
    return error ? action{action::kind::close} : conversation_.on_shut_down();
}

void connection::await(awaited what) {
    awaited_ = what;
    begin(what == awaited::writable ? for_writing : wait_to_read());
}

connection::wait connection::wait_to_read() const noexcept {
    if (!tls_.is_on() || tls_.next_wait() == tls_stream::wait::readable)
        return for_reading;
    return tls_.next_wait() == tls_stream::wait::writable ? for_writing : for_turn;
}

// It begins to wait for the socket meanwhile, which costs no system call more than to do so after
// the reply, and shows whether the client is still there.
void connection::await_durable(teller::ticket due) {
    awaited_ = awaited::durable;  // first: if the next line throws, close() takes it back
    owner_.await_durable(*this, due);
    begin(for_reading);
}

// As for await_durable.
void connection::await_change(action::kind how) {
    awaited_ = awaited::change;
    if (how == action::kind::wait_change)
        owner_.await_change(*this);
    else if (how == action::kind::wait_news)
        owner_.await_news(*this);
    else
        owner_.await_turn(*this);
    begin(for_reading);
}

void connection::begin(wait kind) {
    if ((outstanding_ & kind) != 0)
        return;
    if (kind == for_turn)
        asio::post(socket_.get_executor(), [this] { on_wait(for_turn); });
    else
        socket_.async_wait(
            kind == for_reading   ? stream_socket::wait_read
            : kind == for_writing ? stream_socket::wait_write
                                  : stream_socket::wait_error,
            [this, kind](error_code) { on_wait(kind); });  // an error shows again later
    outstanding_ |= kind;
}

void connection::on_wait(wait kind) noexcept {
    outstanding_ &= static_cast<std::uint8_t>(~kind);
    if (is_closed_)
        return outstanding_ == 0 ? owner_.remove(self_) : void();
    if (awaited_ == awaited::readable && (kind == for_reading || tls_.is_on()))
        return take_turn([this] { return read(); });
    if (kind == for_writing && awaited_ == awaited::writable)
        return take_turn([this] { return conversation_.on_writable(); });
    if (awaited_ != awaited::durable && awaited_ != awaited::change)
        return;
    // The client has sent more, which is read later, or it is gone: then there is an error too,
    // unless it has closed its socket in order.
    if (kind == for_error || has_lost_reader())
        return close();
    take_turn([this] {
        begin(for_error);
        return action{};
    });
}

void connection::close() noexcept {
    if (awaited_ == awaited::durable || awaited_ == awaited::change)
        owner_.await_no_longer(*this);
    awaited_ = awaited::nothing;
    is_closed_ = true;
    tls_.end_sending();
    error_code ignored;
    socket_.close(ignored);
    if (outstanding_ == 0)
        owner_.remove(self_);
}

/// Whether it waits for something to send, without end, and the client has ended its sending.
bool connection::has_lost_reader() const noexcept {
    if (awaited_ != awaited::change || !conversation_.is_endless())
        return false;
    pollfd state{descriptor(), POLLRDHUP, 0};
    return ::poll(&state, 1, 0) > 0;
}

/// Only read, but Asio's member for it is not const.
int connection::descriptor() const noexcept {
    return const_cast<stream_socket&>(socket_).native_handle();
}

std::string connection::peer_address() const {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    if (::getpeername(descriptor(), reinterpret_cast<sockaddr*>(&from), &size) != 0)
        return {};
    char text[INET6_ADDRSTRLEN] = "unix";  // of a socket that has no address
    if (from.ss_family == AF_INET)
        ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&from)->sin_addr, text,
                    sizeof text);
    else if (from.ss_family == AF_INET6)
        ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(&from)->sin6_addr, text,
                    sizeof text);
    return text;
}

std::size_t connection::unacknowledged_bytes() const noexcept {
    int bytes = 0;
    return ::ioctl(descriptor(), SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes)
                                                        : SIZE_MAX;
}

}  // namespace coffer::http
