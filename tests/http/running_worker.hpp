// A worker on a real socket, and clients of it.
#pragma once

#include <poll.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "catch.hpp"
#include "engine/engine.hpp"
#include "engine/initial_accounts.hpp"
#include "http/worker.hpp"

namespace coffer::http {

namespace asio = boost::asio;
using asio::ip::tcp;

/// A worker in a thread of its own, drained at the end.
class running_worker {
public:
    explicit running_worker(const limits& allowed = {}) : running_worker{allowed, later} {
        begin();
    }
    /// Listens, and serves once `begin` is called.
    static constexpr struct begin_later {
    } later{};
    running_worker(const limits& allowed, begin_later)
        : common_{allowed}, worker_{engine_.teller_at(0), common_} {
        worker_.listen(anywhere());
        engine_.open(initial_accounts::sample().open_in_memory());
    }
    void begin() {
        thread_ = std::thread{[this] { worker_.run(); }};
    }
    /// For a ledger that the test opens itself.
    explicit running_worker(begin_later, const api::route_table& routes = api::product_table)
        : worker_{engine_.teller_at(0), common_, routes} {
        worker_.listen(anywhere());
    }
    ~running_worker() { stop(); }
    void stop() {
        if (!thread_.joinable())
            return;
        drain();
        thread_.join();
    }
    void drain() { worker_.drain(common_.limits.drain_timeout); }
    [[nodiscard]] coffer::engine& engine() { return engine_; }
    [[nodiscard]] commons& common() { return common_; }
    [[nodiscard]] std::uint16_t port() const { return worker_.addresses().front().port; }
    [[nodiscard]] std::int64_t balance_minor(account_number number) const {
        return engine_.ledger().balance(number).posting.balance.minor();
    }

private:
    [[nodiscard]] static listen_address anywhere() { return {"127.0.0.1", 0}; }

    coffer::engine engine_{coffer::engine::options{}};
    commons common_;
    worker worker_;
    std::thread thread_;
};

inline void wait_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!condition()) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}

class client {
public:
    explicit client(std::uint16_t port) {
        socket_.connect({asio::ip::make_address("127.0.0.1"), port});
    }
    void send(std::string_view bytes) {
        asio::write(socket_, asio::buffer(bytes.data(), bytes.size()));
    }
    /// Everything until the server closes.
    std::string read_all() {
        std::string all;
        boost::system::error_code error;
        asio::read(socket_, asio::dynamic_buffer(all), error);
        CHECK(error == asio::error::eof);
        return all;
    }
    std::string read_some() {
        char buffer[65536];  // more than any reply of these tests has
        return {buffer, socket_.read_some(asio::buffer(buffer))};
    }
    void try_send(std::string_view bytes, boost::system::error_code& error) {
        asio::write(socket_, asio::buffer(bytes.data(), bytes.size()), error);
    }
    [[nodiscard]] bool is_readable_within(std::chrono::milliseconds patience) {
        pollfd one{socket_.native_handle(), POLLIN, 0};
        return ::poll(&one, 1, static_cast<int>(patience.count())) > 0;
    }
    /// Ends the connection without a goodbye.
    void reset() {
        socket_.set_option(asio::socket_base::linger{true, 0});
        socket_.close();
    }
    void shut_down_sending() { socket_.shutdown(tcp::socket::shutdown_send); }

private:
    asio::io_context events_;
    tcp::socket socket_{events_};
};

}  // namespace coffer::http
