// Connections over real sockets on the loopback: what a session cannot show.
#include "http/connection.hpp"

#include <string>
#include <thread>

#include "catch.hpp"
#include "http/limits.hpp"
#include "http/running_worker.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;

namespace {

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

TEST_CASE("connection: answers a client that has ended its sending", "[http]") {
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

TEST_CASE("connection: takes turns with others, however much one has sent", "[http]") {
    limits allowed;
    allowed.requests_per_wake = 3;
    running_worker server{allowed, running_worker::later};
    client greedy{server.port()};
    client modest{server.port()};
    std::string batch;
    for (int i = 0; i != 400; ++i)
        batch += deposit;
    greedy.send(batch);
    modest.send(get("/accounts/10001/balance"));
    server.begin();  // to find both waiting
    const std::string seen = modest.read_some();
    CHECK_THAT(seen, Contains("200 OK") && !Contains("\"balance\":1400.0"));
    greedy.shut_down_sending();
    CHECK(count(greedy.read_all(), "200 OK") == 400);
    CHECK(server.balance_minor(10001) == 140'000);
}

TEST_CASE("connection: goes on after its turn though nothing more comes", "[http]") {
    limits allowed;
    allowed.requests_per_wake = 1;
    running_worker server{allowed};
    client one{server.port()};
    std::string batch;
    for (int i = 0; i != 500; ++i)
        batch += deposit;
    one.send(batch);
    std::string replies;
    while (count(replies, "200 OK") != 500)
        replies += one.read_some();
    CHECK(server.balance_minor(10001) == 150'000);
}

TEST_CASE("connection: one too many is refused with 503, and one less makes room", "[http]") {
    limits allowed;
    allowed.connections = 2;
    running_worker server{allowed};
    client first{server.port()};
    first.send(deposit);
    CHECK_THAT(first.read_some(), Contains("1001.0"));
    {
        client second{server.port()};
        second.send(deposit);
        CHECK_THAT(second.read_some(), Contains("1002.0"));
        for (int i = 0; i != 20; ++i) {
            client third{server.port()};
            third.send(deposit);
            third.shut_down_sending();
            CHECK_THAT(third.read_all(), Contains("HTTP/1.1 503 ") && Contains("Retry-After: 1"));
        }
    }
    wait_until([&server] { return server.common().admission.admitted() == 1; });
    client next{server.port()};
    next.send(deposit);
    CHECK_THAT(next.read_some(), Contains("1003.0"));
    CHECK(server.balance_minor(10001) == 100'300);
}

TEST_CASE("connection: one too many hears nothing before it has asked", "[http]") {
    limits allowed;
    allowed.connections = 1;
    allowed.head_timeout = std::chrono::seconds{1};
    running_worker server{allowed};
    client first{server.port()};
    first.send(deposit);
    CHECK_THAT(first.read_some(), Contains("1001.0"));
    {
        client second{server.port()};
        CHECK_FALSE(second.is_readable_within(std::chrono::milliseconds{300}));
        second.send(deposit.substr(0, 30));
        CHECK_FALSE(second.is_readable_within(std::chrono::milliseconds{100}));
        second.send(deposit.substr(30));
        second.shut_down_sending();
        const std::string reply = second.read_all();
        CHECK(count(reply, "HTTP/1.1 ") == 1);
        CHECK_THAT(reply, Contains("HTTP/1.1 503 ") && Contains("Connection: close"));
    }
    client silent{server.port()};  // holds its place to be turned away for no longer than that
    CHECK(silent.read_all().empty());
    client slow{server.port()};
    slow.send("GET / HTTP/1.1\r\n");
    CHECK_THAT(slow.read_all(), Contains("HTTP/1.1 408 "));
    CHECK(server.balance_minor(10001) == 100'100);
}

TEST_CASE("connection: short of memory, large parts of requests are refused and small ones kept",
          "[http]") {
    limits allowed;
    allowed.buffered_bytes = 8 * 1024;
    running_worker server{allowed};
    const std::string large =
        post("/accounts/10001/deposit", R"({"amount":1)" + std::string(20'000, ' ') + "}");
    client hog{server.port()};
    hog.send(large.substr(0, 15'000));
    wait_until([&server] { return server.common().buffered.exceeded(); });

    client other{server.port()};
    other.send(large.substr(0, 10'000));
    CHECK_THAT(other.read_some(), Contains("HTTP/1.1 503 ") && Contains("Retry-After: 1"));

    client modest{server.port()};
    modest.send(deposit.substr(0, 100));
    std::this_thread::sleep_for(std::chrono::milliseconds{20});  // for it to come in two pieces
    modest.send(deposit.substr(100));
    CHECK_THAT(modest.read_some(), Contains("1001.0"));
    client pipelining{server.port()};
    pipelining.send(deposit + deposit + deposit);
    pipelining.shut_down_sending();
    CHECK(count(pipelining.read_all(), "200 OK") == 3);

    hog.send(large.substr(15'000));  // it was there before memory was short
    CHECK_THAT(hog.read_some(), Contains("200 OK"));
    wait_until([&server] { return server.common().buffered.bytes() == 0; });
}

TEST_CASE("connection: a head that drips in has no more time than any other", "[http]") {
    limits allowed;
    allowed.head_timeout = std::chrono::seconds{1};
    running_worker server{allowed};
    client one{server.port()};
    const auto begin = std::chrono::steady_clock::now();
    std::thread dripping{[&one] {
        boost::system::error_code error;
        one.try_send("GET / HTTP/1.1\r\nX: ", error);
        for (int i = 0; i != 200 && !error; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds{50});
            one.try_send("x", error);
        }
    }};
    CHECK_THAT(one.read_some(), Contains("HTTP/1.1 408 "));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{9});
    dripping.join();
}

TEST_CASE("connection: a client that takes no replies is shut out in the end", "[http]") {
    limits allowed;
    allowed.write_timeout = std::chrono::seconds{1};
    running_worker server{allowed};
    client one{server.port()};
    std::string batch;
    for (int i = 0; i != 1000; ++i)
        batch += deposit;
    boost::system::error_code error;
    // More than all buffers on the way hold: without the timeout this would block for good.
    for (int i = 0; i != 1000 && !error; ++i)
        one.try_send(batch, error);
    CHECK(error);
    wait_until([&server] { return server.common().admission.admitted() == 0; });
    CHECK(server.common().buffered.bytes() == 0);
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
          default_limits.drain_timeout + default_limits.linger_timeout + std::chrono::seconds{2});
}
