// A server of HTTP whose replies a test writes, byte by byte.
#pragma once

#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace coffer::replication {

/// Answers each connection once: with what `reply` returns for the request's head, as it is, and
/// then closes it.
class scripted_node {
public:
    explicit scripted_node(std::function<std::string(const std::string& head)> reply)
        : reply_{std::move(reply)}, thread_{[this] { run(); }} {}
    ~scripted_node() {
        stopping_ = true;
        boost::system::error_code ignored;
        boost::asio::ip::tcp::socket last{context_};
        last.connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
    }
    scripted_node(const scripted_node&) = delete;
    scripted_node& operator=(const scripted_node&) = delete;

    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }
    /// The first lines of the requests so far.
    [[nodiscard]] std::vector<std::string> asked() const {
        const std::lock_guard lock{mutex_};
        return asked_;
    }

    static std::string ok(const std::string& body) {
        return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
               body;
    }
    static std::string refusal(const std::string& status, const std::string& body = {},
                               const std::string& field = {}) {
        return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
               "\r\n" + field + "\r\n" + body;
    }

private:
    void run() {
        for (;;) {
            boost::asio::ip::tcp::socket one{context_};
            boost::system::error_code error;
            acceptor_.accept(one, error);
            if (stopping_)
                return;
            std::string head;
            boost::asio::read_until(one, boost::asio::dynamic_buffer(head), "\r\n\r\n", error);
            if (error)
                continue;
            {
                const std::lock_guard lock{mutex_};
                asked_.push_back(head.substr(0, head.find("\r\n")));
            }
            boost::asio::write(one, boost::asio::buffer(reply_(head)), error);
        }
    }

    std::function<std::string(const std::string&)> reply_;
    boost::asio::io_context context_;
    boost::asio::ip::tcp::acceptor acceptor_{context_,
                                             {boost::asio::ip::make_address("127.0.0.1"), 0}};
    mutable std::mutex mutex_;
    std::vector<std::string> asked_;  // under the mutex
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace coffer::replication
