// Connections over real sockets on the loopback: what a session cannot show.
#include "http/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <thread>

#include "catch.hpp"
#include "engine/opening.hpp"
#include "http/limits.hpp"
#include "http/session_driver.hpp"
#include "http/worker.hpp"

namespace asio = boost::asio;
using namespace coffer::http;
using asio::ip::tcp;
using Catch::Matchers::Contains;

namespace {

/// A worker in a thread of its own, drained at the end.
class running_worker {
public:
    running_worker() : worker_{*books_, {"127.0.0.1", 0}, false} {
        thread_ = std::thread{[this] { worker_.run(); }};
    }
    ~running_worker() { stop(); }
    void stop() {
        if (!thread_.joinable())
            return;
        worker_.drain();
        thread_.join();
    }
    void drain() { worker_.drain(); }
    [[nodiscard]] std::uint16_t port() const { return worker_.address().port; }
    [[nodiscard]] std::int64_t balance_minor(coffer::account_number number) const {
        return books_->balance(number).posting.balance.minor();
    }

private:
    std::unique_ptr<coffer::engine> books_ = coffer::open_sample();
    worker worker_;
    std::thread thread_;
};

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
        char buffer[4096];
        return {buffer, socket_.read_some(asio::buffer(buffer))};
    }
    void shut_down_sending() { socket_.shutdown(tcp::socket::shutdown_send); }

private:
    asio::io_context events_;
    tcp::socket socket_{events_};
};

const std::string deposit = post("/accounts/10001/deposit", R"({"amount":1})");

}  // namespace

TEST_CASE("connection: serves one request after another", "[http]") {
    running_worker server;
    client one{server.port()};
    one.send(deposit);
    CHECK_THAT(one.read_some(), Contains("1001.0"));
    one.send(deposit + deposit);
    CHECK_THAT(one.read_some(), Contains("1002.0") && Contains("1003.0"));
}

TEST_CASE("connection: answers a client that has said all it will", "[http]") {
    running_worker server;
    client one{server.port()};
    one.send(deposit);
    one.shut_down_sending();
    CHECK_THAT(one.read_all(), Contains("1001.0"));
}

TEST_CASE("connection: joins a request that comes in pieces", "[http]") {
    running_worker server;
    client one{server.port()};
    const std::string request = get("/accounts/10001/balance");
    for (std::size_t at = 0; at < request.size(); at += 7) {
        one.send(std::string_view{request}.substr(at, 7));
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    CHECK_THAT(one.read_some(), Contains("1000.0"));
}

TEST_CASE("connection: keeps what a slow reader does not take, and loses none of it", "[http]") {
    running_worker server;
    client one{server.port()};
    // More replies than the sockets' buffers hold, so that the server has to wait for its client.
    constexpr int requests = 100'000;
    std::thread sender{[&one] {
        std::string batch;
        for (int i = 0; i != 1000; ++i)
            batch += deposit;
        for (int i = 0; i != requests / 1000; ++i)
            one.send(batch);
        one.shut_down_sending();
    }};
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    const std::string replies = one.read_all();
    sender.join();
    CHECK(count(replies, "HTTP/1.1 200 OK\r\n") == requests);
    CHECK_THAT(replies.substr(replies.size() - 100), Contains("\"new_balance\":101000.0"));
}

TEST_CASE("connection: lets a client that is still sending read why it was refused", "[http]") {
    running_worker server;
    client one{server.port()};
    one.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n");
    for (int i = 0; i != 20; ++i) {
        one.send(std::string(10'000, 'x'));
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    one.shut_down_sending();
    CHECK_THAT(one.read_all(), Contains("413 "));
}

TEST_CASE("worker: drained, answers what has arrived and closes the rest", "[http]") {
    running_worker server;
    client idle{server.port()};
    client busy{server.port()};
    busy.send(deposit);
    busy.read_some();
    client halfway{server.port()};
    halfway.send(deposit.substr(0, 20));
    client late{server.port()};
    late.send(deposit);
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    server.drain();
    CHECK(idle.read_all().empty());
    CHECK(busy.read_all().empty());
    CHECK_THAT(late.read_all(), Contains("1002.0"));
    halfway.send(deposit.substr(20));
    CHECK_THAT(halfway.read_all(), Contains("1003.0") && Contains("Connection: close"));
    server.stop();
    CHECK(server.balance_minor(10001) == 100'300);
}

TEST_CASE("worker: drained, waits for nobody longer than the limit", "[http]") {
    running_worker server;
    client halfway{server.port()};
    halfway.send(deposit.substr(0, 20));
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    const auto begin = std::chrono::steady_clock::now();
    server.drain();
    CHECK_THAT(halfway.read_all(), Contains("408 "));
    server.stop();
    CHECK(std::chrono::steady_clock::now() - begin <
          limits::drain + limits::linger + std::chrono::seconds{2});
}
