// A bare epoll server with a canned reply: the ceiling that other servers are compared with.
//
//     bench_http_bare_server BODY
//         listens on a free port of 127.0.0.1, prints it, and answers every request with BODY
//
// One thread, level-triggered epoll, one read and one write for all requests that have arrived on a
// connection, and no other system call: a read that does not fill the buffer is treated as the last
// one, and a read of 0 bytes means that the peer has closed.
//
// It does: find the end of each request, by the empty line after its head and by the Content-Length
// of a POST; keep a request that has arrived in part; send one reply for each complete request.
// It does not: parse method (beyond its first letter), path or fields, refuse anything, have
// timeouts, or store data. It closes a connection whose request is longer than its buffer, or that
// does not take its replies at once.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>

namespace {

constexpr std::size_t buffer_bytes = 16 * 1024;
constexpr int events_at_once = 64;

[[noreturn]] void fail(const char* what) {
    throw std::system_error{errno, std::generic_category(), what};
}

int checked(int result, const char* what) {
    if (result < 0)
        fail(what);
    return result;
}

/// Returns a head's Content-Length, 0 without one. Knows the two spellings that load testers use.
std::size_t content_length(std::string_view head) {
    constexpr std::string_view name = "ontent-";
    auto at = head.find(name);
    for (; at != head.npos; at = head.find(name, at + 1))
        if (const auto rest = head.substr(at + name.size());
            rest.starts_with("Length: ") || rest.starts_with("length: ")) {
            std::size_t length = 0;
            std::from_chars(rest.data() + 8, rest.data() + rest.size(), length);
            return length;
        }
    return 0;
}

/// Returns the length of the first request in bytes, 0 if it is incomplete.
std::size_t request_bytes(std::string_view arrived) {
    constexpr std::string_view empty_line = "\r\n\r\n";
    const auto* const end = static_cast<const char*>(
        ::memmem(arrived.data(), arrived.size(), empty_line.data(), empty_line.size()));
    if (end == nullptr)
        return 0;
    auto bytes = static_cast<std::size_t>(end - arrived.data()) + empty_line.size();
    if (arrived.front() == 'P')
        bytes += content_length(arrived.substr(0, bytes));
    return bytes <= arrived.size() ? bytes : 0;
}

struct connection {
    int socket;
    std::size_t kept = 0;  // bytes of a request that has arrived in part
    std::array<char, buffer_bytes> buffer{};
};

class server {
public:
    explicit server(const std::string& body)
        : reply_{"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
                 "Cache-Control: no-store\r\nContent-Type: application/json\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n\r\n" + body},
          listener_{checked(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket")},
          events_{checked(::epoll_create1(0), "epoll_create1")} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const where = reinterpret_cast<sockaddr*>(&address);
        checked(::bind(listener_, where, size), "bind");
        checked(::listen(listener_, SOMAXCONN), "listen");
        checked(::getsockname(listener_, where, &size), "getsockname");
        watch(listener_, nullptr);
        std::cout << ntohs(address.sin_port) << std::endl;
    }

    [[noreturn]] void run() {
        std::array<epoll_event, events_at_once> ready{};
        for (;;) {
            const int count = ::epoll_wait(events_, ready.data(), events_at_once, -1);
            if (count < 0 && errno != EINTR)
                fail("epoll_wait");
            for (int place = 0; place < count; ++place) {
                auto* const client =
                    static_cast<connection*>(ready[static_cast<std::size_t>(place)].data.ptr);
                if (client == nullptr)
                    accept();
                else if (!serve(*client))
                    close(*client);
            }
        }
    }

private:
    void watch(int socket, connection* client) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = client;
        checked(::epoll_ctl(events_, EPOLL_CTL_ADD, socket, &event), "epoll_ctl");
    }

    void accept() {
        const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
        if (socket < 0)
            return;  // the peer has closed already
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        auto client = std::make_unique<connection>();
        client->socket = socket;
        watch(socket, client.get());
        clients_.emplace(socket, std::move(client));
    }

    /// Replies to all complete requests. Returns false if the connection is to be closed.
    bool serve(connection& client) {
        auto& [socket, kept, buffer] = client;
        const auto got = ::recv(socket, buffer.data() + kept, buffer.size() - kept, 0);
        if (got <= 0)
            return got < 0 && errno == EAGAIN;
        std::string_view arrived{buffer.data(), kept + static_cast<std::size_t>(got)};
        std::size_t requests = 0;
        while (!arrived.empty()) {
            const auto bytes = request_bytes(arrived);
            if (bytes == 0)
                break;
            arrived.remove_prefix(bytes);
            ++requests;
        }
        kept = arrived.size();
        if (requests == 0)
            return kept < buffer.size();
        if (kept != 0)
            std::memmove(buffer.data(), arrived.data(), kept);
        return answer(socket, requests);
    }

    bool answer(int socket, std::size_t times) {
        while (replies_.size() < times * reply_.size())
            replies_ += reply_;
        const auto bytes = times * reply_.size();
        return ::send(socket, replies_.data(), bytes, 0) == static_cast<ssize_t>(bytes);
    }

    void close(connection& client) {
        ::close(client.socket);
        clients_.erase(client.socket);
    }

    std::string reply_;
    std::string replies_;  // the reply, repeated as often as one write has needed it
    int listener_;
    int events_;
    std::unordered_map<int, std::unique_ptr<connection>> clients_;
};

}  // namespace

int main(int count, char** words) try {
    if (count != 2) {
        std::cerr << "usage: bench_http_bare_server BODY\n";
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    server{words[1]}.run();
} catch (const std::exception& error) {
    std::cerr << "bench_http_bare_server: " << error.what() << '\n';
    return 1;
}
