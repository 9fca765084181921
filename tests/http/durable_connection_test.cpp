// Connections whose books are durable when the test says so.
#include "http/connection.hpp"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <thread>

#include "catch.hpp"
#include "engine/held_log.hpp"
#include "http/running_worker.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using coffer::test::gate;

namespace {

const std::string deposit = post("/accounts/10001/deposit", R"({"amount":1})");
const std::string balance = get("/accounts/10001/balance");

class bank {
public:
    bank() {
        auto log = coffer::test::log_behind(held);
        log_ = log.get();
        server.house().open(coffer::open_sample(), std::move(log), {});
        server.begin();
        // More than those for whom the worker would wait itself, answering nobody meanwhile.
        for (std::size_t i = 0; i != worker::a_handful; ++i) {
            idle_.emplace_back(port()).send(balance);
            static_cast<void>(idle_.back().read_some());
        }
    }
    ~bank() {
        held.open();
        server.stop();
        server.house().close();  // its thread tells the worker what is durable
    }
    [[nodiscard]] coffer::test::memory_log& log() { return *log_; }
    [[nodiscard]] std::uint16_t port() const { return server.port(); }

    gate held;
    running_worker server{running_worker::later};

private:
    std::deque<client> idle_;
    coffer::test::memory_log* log_;
};

/// What comes within 50 ms; nothing if nothing does.
std::optional<std::string> read_soon(client& one) {
    return one.is_readable_within(50ms) ? std::optional{one.read_some()} : std::nullopt;
}

}  // namespace

TEST_CASE("connection: a posting is not answered before it is durable", "[http]") {
    bank house;
    client one{house.port()};
    one.send(deposit);
    CHECK_FALSE(read_soon(one));
    house.held.open();
    CHECK_THAT(one.read_some(), Contains("1001.0"));
}

TEST_CASE("connection: a balance is not answered before what it shows is durable", "[http]") {
    bank house;
    client one{house.port()};
    client other{house.port()};
    other.send(balance);
    CHECK_THAT(other.read_some(), Contains("1000.0"));
    one.send(deposit);
    CHECK_FALSE(read_soon(one));
    other.send(balance);
    CHECK_FALSE(read_soon(other));
    client third{house.port()};
    third.send(get("/accounts/10002/balance"));
    CHECK_THAT(third.read_some(), Contains("2000.0"));
    house.held.open();
    CHECK_THAT(one.read_some(), Contains("1001.0"));
    CHECK_THAT(other.read_some(), Contains("1001.0"));
}

TEST_CASE("connection: with a handful of clients the worker waits for the disk itself", "[http]") {
    running_worker server{running_worker::later};
    gate held;
    server.house().open(coffer::open_sample(), coffer::test::log_behind(held), {});
    server.begin();
    {
        client one{server.port()};
        client other{server.port()};
        one.send(deposit);
        CHECK_FALSE(read_soon(one));
        other.send(get("/accounts/10002/balance"));
        CHECK_FALSE(read_soon(other));
        held.open();
        CHECK_THAT(one.read_some(), Contains("1001.0"));
        CHECK_THAT(other.read_some(), Contains("2000.0"));
    }
    server.stop();
    server.house().close();
}

TEST_CASE("connection: what a client sends while it waits is answered after that", "[http]") {
    bank house;
    client one{house.port()};
    one.send(deposit);
    CHECK_FALSE(read_soon(one));
    one.send(deposit.substr(0, 30));
    CHECK_FALSE(read_soon(one));
    one.send(deposit.substr(30) + balance);
    one.shut_down_sending();
    CHECK_FALSE(read_soon(one));
    CHECK(house.server.balance_minor(10001) == 100'100);  // it is not even read
    house.held.open();
    CHECK_THAT(one.read_all(), Contains("1001.0") && Contains("\"new_balance\":1002.0") &&
                                   Contains("\"balance\":1002.0"));
}

TEST_CASE("connection: clients that leave while they wait are forgotten", "[http]") {
    bank house;
    {
        client gone{house.port()};
        client half_gone{house.port()};
        gone.send(deposit);
        half_gone.send(deposit);
        CHECK_FALSE(read_soon(half_gone));
        gone.send(deposit);  // unread when it is reset
        gone.reset();
        half_gone.shut_down_sending();
        wait_until([&house] {
            return house.server.common().admission.admitted() == 1 + worker::a_handful;
        });
    }
    client one{house.port()};
    one.send(deposit);
    CHECK_FALSE(read_soon(one));
    house.held.open();
    CHECK_THAT(one.read_some(), Contains("1003.0"));
}

TEST_CASE("connection: more than a lane holds waits its turn, and loses nothing", "[http]") {
    bank house;
    client one{house.port()};
    constexpr int requests = 40'000;
    std::thread sender{[&one] {
        std::string batch;
        for (int i = 0; i != 1000; ++i)
            batch += deposit;
        for (int i = 0; i != requests / 1000; ++i)
            one.send(batch);
        one.shut_down_sending();
    }};
    std::this_thread::sleep_for(20ms);
    house.held.open();
    const std::string replies = one.read_all();
    sender.join();
    CHECK(count(replies, "HTTP/1.1 200 OK\r\n") == requests);
    CHECK_THAT(replies.substr(replies.size() - 100), Contains("\"new_balance\":41000.0"));
}

TEST_CASE("connection: a server that stops answers what has been posted", "[http]") {
    bank house;
    client one{house.port()};
    one.send(deposit);
    CHECK_FALSE(read_soon(one));
    house.server.drain();
    std::this_thread::sleep_for(20ms);
    house.held.open();
    CHECK_THAT(one.read_all(), Contains("1001.0"));
}

TEST_CASE("connection: with a full disk postings are refused and balances told", "[http]") {
    bank house;
    house.held.open();
    house.log().room = false;
    client one{house.port()};
    one.send(deposit);
    CHECK_THAT(one.read_some(),
               Contains("503 ") && Contains("Retry-After: 1") && Contains("unavailable"));
    one.send(balance);
    CHECK_THAT(one.read_some(), Contains("1000.0"));
    house.log().room = true;
    one.send(deposit);
    CHECK_THAT(one.read_some(), Contains("1001.0"));
}

TEST_CASE("connection: before the books are open, clients are told to come back", "[http]") {
    running_worker server{running_worker::later};
    server.begin();
    client one{server.port()};
    for (const std::string& request : {deposit, balance, get("/readyz")}) {
        one.send(request);
        CHECK_THAT(one.read_some(), Contains("503 ") && Contains("Retry-After: 1"));
    }
    server.house().open(coffer::open_sample());
    one.send(get("/readyz"));
    CHECK_THAT(one.read_some(), Contains("200 OK") && Contains("\"ready\":true"));
    one.send(deposit);
    CHECK_THAT(one.read_some(), Contains("1001.0"));
}
