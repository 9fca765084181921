#include "http/tcp_socket.hpp"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace coffer::http {
namespace {

using boost::asio::ip::tcp;

int checked(int result, const char* what) {
    if (result < 0)
        throw std::system_error{errno, std::system_category(), what};
    return result;
}

void set(int socket, int level, int option) {
    const int on = 1;
    checked(::setsockopt(socket, level, option, &on, sizeof on), "setsockopt");
}

/// Calls again while a signal got in between.
template <class Call>
tcp_socket::attempt attempted(const Call& call) noexcept {
    ssize_t result = call();
    while (result < 0 && errno == EINTR)
        result = call();
    if (result >= 0)
        return {static_cast<std::size_t>(result), false};
    return {0, errno != EAGAIN && errno != EWOULDBLOCK};
}

}  // namespace

descriptor::descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}

descriptor& descriptor::operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

void descriptor::close() noexcept {
    if (number_ >= 0)
        ::close(std::exchange(number_, -1));
}

tcp_socket::tcp_socket(descriptor connected) noexcept : descriptor_{std::move(connected)} {
    const int on = 1;  // one that cannot do this will fail again where it matters
    ::setsockopt(number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

tcp_socket::attempt tcp_socket::read_some(std::span<char> into) noexcept {
    bool is_at_end = false;
    const attempt made = attempted([&] {
        const ssize_t result = ::recv(number(), into.data(), into.size(), 0);
        is_at_end = result == 0;
        return result;
    });
    return {made.bytes, made.over || is_at_end};
}

tcp_socket::attempt tcp_socket::write_some(std::string_view bytes) noexcept {
    return attempted([&] { return ::send(number(), bytes.data(), bytes.size(), MSG_NOSIGNAL); });
}

std::size_t tcp_socket::unacknowledged() const noexcept {
    int bytes = 0;
    return ::ioctl(number(), SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : SIZE_MAX;
}

bool tcp_socket::shut_down_sending() noexcept {
    return ::shutdown(number(), SHUT_WR) == 0;
}

tcp_listener::tcp_listener(const listen_address& where, bool shared) {
    const tcp::endpoint endpoint{boost::asio::ip::make_address(where.host), where.port};
    const int family = endpoint.protocol().family();
    descriptor_ = descriptor{
        checked(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket")};
    set(number(), SOL_SOCKET, SO_REUSEADDR);
    if (shared)
        share_address();
    checked(::bind(number(), endpoint.data(), static_cast<socklen_t>(endpoint.size())), "bind");
    checked(::listen(number(), SOMAXCONN), "listen");
}

void tcp_listener::share_address() {
    set(number(), SOL_SOCKET, SO_REUSEPORT);
}

listen_address tcp_listener::address() const {
    tcp::endpoint endpoint;
    auto size = static_cast<socklen_t>(endpoint.capacity());
    checked(::getsockname(number(), endpoint.data(), &size), "getsockname");
    endpoint.resize(size);
    return {endpoint.address().to_string(), endpoint.port()};
}

tcp_listener::accepted tcp_listener::accept() noexcept {
    for (;;) {
        tcp::endpoint from;
        auto size = static_cast<socklen_t>(from.capacity());
        descriptor taken{::accept4(number(), from.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (taken.number() >= 0) {
            from.resize(size);
            return {std::move(taken), from.address(), {}};
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return {{}, {}, {}};
        // One that is gone again before its turn is nobody's business: the next one's turn.
        if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO)
            return {{}, {}, std::error_code{errno, std::system_category()}};
    }
}

}  // namespace coffer::http
