// An HTTP server that answers as a test says: with what etcd would, or with anything else.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace coffer::test {

struct scripted_reply {
    enum class then : std::uint8_t {
        go_on,    ///< reads the next request
        close,    ///< closes the connection
        hang,     ///< keeps it, and does nothing
        go_forth  ///< sends the last 1000 bytes again and again
    };
    std::string bytes;
    then next = then::go_on;
};

/// A whole reply of JSON.
[[nodiscard]] scripted_reply json_reply(const std::string& body, unsigned status = 200);

class scripted_server {
public:
    struct request {
        std::string head;
        std::string body;
    };
    /// Called for each request, by a thread of each connection.
    using script = std::function<scripted_reply(const request&)>;

    /// Listens on a free port. Throws std::system_error.
    explicit scripted_server(script answers);
    ~scripted_server();
    scripted_server(const scripted_server&) = delete;
    scripted_server& operator=(const scripted_server&) = delete;

    [[nodiscard]] std::string url() const;
    [[nodiscard]] int connections() const noexcept { return connections_; }
    [[nodiscard]] std::vector<request> requests() const;
    /// Closes the connections that there are.
    void close_all();

private:
    void accept_all();
    void serve(int socket);
    [[nodiscard]] bool send_reply(int socket, const scripted_reply& reply) const;

    const script answers_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> is_stopping_{false};
    std::atomic<int> connections_{0};
    mutable std::mutex mutex_;
    std::vector<request> requests_;     // under the mutex
    std::vector<int> sockets_;          // under the mutex
    std::vector<std::thread> threads_;  // of the connections; of the accepting thread alone
    std::thread accepting_;
};

}  // namespace coffer::test
