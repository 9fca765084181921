#include "replication/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace coffer::test {
namespace {

/// Reads until `text` has `bytes` of them. False at the connection's end.
bool read_up_to(int socket, std::string& text, std::size_t bytes) {
    std::array<char, 65536> part{};
    while (text.size() < bytes) {
        const auto got = ::recv(socket, part.data(), part.size(), 0);
        if (got <= 0)
            return false;
        text.append(part.data(), static_cast<std::size_t>(got));
    }
    return true;
}

std::size_t body_bytes_of(const std::string& head) {
    static const std::string name = "Content-Length: ";
    const auto at = head.find(name);
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + name.size()));
}

bool send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

scripted_reply json_reply(const std::string& body, unsigned status) {
    return {"HTTP/1.1 " + std::to_string(status) +
            " Reason\r\nContent-Type: application/json\r\n"
            "Content-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body};
}

scripted_server::scripted_server(script answers) : answers_{std::move(answers)} {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    if (listener_ < 0 || ::bind(listener_, address, bytes) != 0 ||
        ::getsockname(listener_, address, &bytes) != 0 || ::listen(listener_, 16) != 0)
        throw std::system_error{errno, std::generic_category(), "a server for a test"};
    port_ = ntohs(at.sin_port);
    accepting_ = std::thread{[this] { accept_all(); }};
}

scripted_server::~scripted_server() {
    is_stopping_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    close_all();
    for (std::thread& each : threads_)
        each.join();
    for (const int socket : sockets_)
        ::close(socket);
    ::close(listener_);
}

std::string scripted_server::url() const {
    return "http://127.0.0.1:" + std::to_string(port_);
}

std::vector<scripted_server::request> scripted_server::requests() const {
    const std::lock_guard lock{mutex_};
    return requests_;
}

void scripted_server::close_all() {
    const std::lock_guard lock{mutex_};
    for (const int socket : sockets_)
        ::shutdown(socket, SHUT_RDWR);
}

void scripted_server::accept_all() {
    while (!is_stopping_) {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (socket < 0)
            continue;
        ++connections_;
        {
            const std::lock_guard lock{mutex_};
            sockets_.push_back(socket);
        }
        threads_.emplace_back([this, socket] { serve(socket); });
    }
}

void scripted_server::serve(int socket) {
    std::string text;
    while (true) {
        std::size_t end = std::string::npos;
        while ((end = text.find("\r\n\r\n")) == std::string::npos)
            if (!read_up_to(socket, text, text.size() + 1))
                return;
        request one{text.substr(0, end + 4), {}};
        const std::size_t whole = end + 4 + body_bytes_of(one.head);
        if (!read_up_to(socket, text, whole))
            return;
        one.body = text.substr(end + 4, whole - end - 4);
        text.erase(0, whole);
        {
            const std::lock_guard lock{mutex_};
            requests_.push_back(one);
        }
        if (!send_reply(socket, answers_(one)))
            return;
    }
}

bool scripted_server::send_reply(int socket, const scripted_reply& reply) const {
    using then = scripted_reply::then;
    const bool is_sent = send_all(socket, reply.bytes);
    const std::string_view last{reply.bytes};
    switch (reply.next) {
        case then::go_on:
            return is_sent;
        case then::close:
            ::shutdown(socket, SHUT_RDWR);
            return false;
        case then::hang:
            return false;
        case then::go_forth:
            break;
    }
    const std::string_view repeated =
        last.substr(last.size() - std::min<std::size_t>(last.size(), 1000));
    while (!is_stopping_ && send_all(socket, repeated)) {
    }
    return false;
}

}  // namespace coffer::test
