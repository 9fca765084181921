// Connections whose postings become durable when the test lets them.
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
using coffer::test::Contains;
using coffer::test::gate;

namespace {

const std::string deposit = post("/accounts/10001/deposit", R"({"amount":1})");
const std::string balance = get("/accounts/10001/balance");

class durable_server {
public:
    explicit durable_server(std::chrono::milliseconds disk_timeout = 1h) {
        auto log = coffer::test::log_behind(held);
        log_ = log.get();
        coffer::engine::journal_options chosen;
        chosen.disk_timeout = disk_timeout;
        server.engine().open(coffer::initial_accounts::sample().open_in_memory(), std::move(log),
                             std::move(chosen));
        server.begin();
    }
    ~durable_server() {
        held.open();
        server.stop();
        static_cast<void>(server.engine().close());  // its thread tells the worker what is durable
    }
    [[nodiscard]] coffer::test::memory_log& log() { return *log_; }
    [[nodiscard]] std::uint16_t port() const { return server.port(); }

    gate held;
    running_worker server{running_worker::later};

private:
    coffer::test::memory_log* log_;
};

/// What comes within 50 ms; nothing if nothing does.
std::optional<std::string> read_soon(client& one) {
    return one.is_readable_within(50ms) ? std::optional{one.read_some()} : std::nullopt;
}

}  // namespace

TEST_CASE("connection: a posting is not answered before it is durable", "[http]") {
    durable_server bank;
    client one{bank.port()};
    one.send(deposit);
    CHECK_FALSE(read_soon(one));
    bank.held.open();
    CHECK_THAT(one.read_some(), Contains("1001.0"));
}

TEST_CASE("connection: a balance is not answered before what it shows is durable", "[http]") {
    durable_server bank;
    client one{bank.port()};
    client other{bank.port()};
    other.send(balance);
    CHECK_THAT(other.read_some(), Contains("1000.0"));
    one.send(deposit);
    CHECK_FALSE(read_soon(one));
    other.send(balance);
    CHECK_FALSE(read_soon(other));
    client third{bank.port()};
    third.send(get("/accounts/10002/balance"));
    CHECK_THAT(third.read_some(), Contains("2000.0"));
    bank.held.open();
    CHECK_THAT(one.read_some(), Contains("1001.0"));
    CHECK_THAT(other.read_some(), Contains("1001.0"));
}

TEST_CASE("connection: while one waits for the disk, others are answered", "[http]") {
    durable_server bank;
    client one{bank.port()};
    one.send(deposit);
    CHECK_FALSE(read_soon(one));
    client other{bank.port()};
    for (const char* const path : {"/readyz", "/metrics", "/accounts/10002/balance"}) {
        other.send(get(path));
        CHECK_THAT(other.read_some(), Contains("200 OK"));
    }
    bank.held.open();
    CHECK_THAT(one.read_some(), Contains("1001.0"));
}

TEST_CASE("connection: what a client sends while it waits is answered after that", "[http]") {
    durable_server bank;
    client one{bank.port()};
    one.send(deposit);
    CHECK_FALSE(read_soon(one));
    one.send(deposit.substr(0, 30));
    CHECK_FALSE(read_soon(one));
    one.send(deposit.substr(30) + balance);
    one.shut_down_sending();
    CHECK_FALSE(read_soon(one));
    CHECK(bank.server.balance_minor(10001) == 100'100);  // it is not even read
    bank.held.open();
    CHECK_THAT(one.read_all(), Contains("1001.0") && Contains("\"new_balance\":1002.0") &&
                                   Contains("\"balance\":1002.0"));
}

TEST_CASE("connection: clients that leave while they wait are forgotten", "[http]") {
    durable_server bank;
    {
        client gone{bank.port()};
        client half_gone{bank.port()};
        gone.send(deposit);
        half_gone.send(deposit);
        CHECK_FALSE(read_soon(half_gone));
        gone.send(deposit);  // unread when it is reset
        gone.reset();
        half_gone.shut_down_sending();
        wait_until([&bank] { return bank.server.common().admission.admitted() == 1; });
    }
    client one{bank.port()};
    one.send(deposit);
    CHECK_FALSE(read_soon(one));
    bank.held.open();
    CHECK_THAT(one.read_some(), Contains("1003.0"));
}

namespace {

/// Has clients post until the lane is full, so that there is one whose next posting is not made.
class full_lane {
public:
    explicit full_lane(durable_server& bank) : bank_{bank} {
        std::string many;
        for (int i = 0; i != at_once; ++i)
            many += deposit;
        while (!is_full()) {
            clients_.emplace_back(bank_.port()).send(many);
            sent_ += at_once;
        }
    }
    /// What has been answered in the end, of all that was sent.
    void check_all_are_answered() {
        std::size_t answered = 0;
        for (client& one : clients_) {
            one.shut_down_sending();
            answered += count(one.read_all(), "HTTP/1.1 200 OK\r\n");
        }
        CHECK(answered == static_cast<std::size_t>(sent_));
    }
    [[nodiscard]] std::int64_t sent() const { return sent_; }

private:
    static constexpr int at_once = 200;

    /// The last client's were not all posted, and no more of them are.
    [[nodiscard]] bool is_full() {
        const auto all = 100'000 + 100 * static_cast<std::int64_t>(sent_);
        std::int64_t before = 0;
        for (int still = 0; still != 20;) {
            const std::int64_t now = bank_.server.balance_minor(10001);
            if (now == all)
                return false;
            still = now == before ? still + 1 : 0;
            before = now;
            std::this_thread::sleep_for(5ms);
        }
        return true;
    }

    durable_server& bank_;
    std::deque<client> clients_;
    int sent_ = 0;
};

}  // namespace

TEST_CASE("connection: more than a lane holds waits its turn, and loses nothing", "[http]") {
    durable_server bank;
    full_lane full{bank};
    bank.held.open();
    full.check_all_are_answered();
    CHECK(bank.server.balance_minor(10001) == 100'000 + 100 * full.sent());
}

TEST_CASE("connection: what needs no lane is answered while the lane is full", "[http]") {
    durable_server bank;
    full_lane full{bank};
    client one{bank.port()};
    for (const char* const path : {"/readyz", "/metrics", "/accounts/10002/balance"}) {
        one.send(get(path));
        CHECK_THAT(one.read_some(), Contains("200 OK"));
    }
    one.send(post("/accounts/10001/deposit", R"({"amount":-1})"));
    CHECK_THAT(one.read_some(), Contains("invalid_amount"));
    one.send(get("/nowhere") + deposit + get("/readyz"));
    CHECK_THAT(one.read_some(), Contains("no_such_route"));
    CHECK_FALSE(read_soon(one));
    bank.held.open();
    full.check_all_are_answered();
    CHECK_THAT(one.read_some(), Contains("new_balance"));
}

TEST_CASE("connection: a posting that is not durable in time has an unknown outcome", "[http]") {
    durable_server bank{100ms};
    client one{bank.port()};
    one.send(deposit);
    CHECK_THAT(one.read_some(),
               Contains("503 ") && Contains("outcome_unknown") && Contains("Retry-After: 1"));
    // The connection goes on.
    one.send(get("/readyz"));
    CHECK_THAT(one.read_some(), Contains("503 ") && Contains("the disk does not answer"));
    one.send(deposit);
    CHECK_THAT(one.read_some(), Contains("503 ") && Contains("\"unavailable\""));
    one.send(get("/accounts/10002/balance"));
    CHECK_THAT(one.read_some(), Contains("2000.0"));
    one.send(balance);
    CHECK_THAT(one.read_some(), Contains("503 ") && Contains("\"unavailable\""));
    one.send(get("/metrics"));
    CHECK_THAT(one.read_some(), Contains("coffer_journal_accepts 0"));
    bank.held.open();
    wait_until([&] {
        one.send(get("/readyz"));
        return one.read_some().find("200 OK") != std::string::npos;
    });
    one.send(balance);
    CHECK_THAT(one.read_some(), Contains("1001.0"));  // the first was made, the second was not
    one.send(deposit);
    CHECK_THAT(one.read_some(), Contains("1002.0"));
}

TEST_CASE("connection: each of several requests at once is answered when the disk hangs",
          "[http]") {
    durable_server bank{100ms};
    client one{bank.port()};
    client other{bank.port()};
    one.send(deposit);
    CHECK_FALSE(read_soon(one));
    other.send(balance);
    one.send(get("/readyz") + deposit + balance + get("/nowhere"));
    one.shut_down_sending();
    CHECK_THAT(other.read_some(), Contains("503 ") && Contains("\"unavailable\""));
    const std::string replies = one.read_all();
    CHECK(count(replies, "outcome_unknown") == 1);
    CHECK(count(replies, "503 ") == 4);
    CHECK(count(replies, "404 ") == 1);
}

TEST_CASE("connection: clients of a full lane are answered when the disk hangs", "[http]") {
    durable_server bank{3s};  // the lane is full before that
    full_lane full{bank};
    client one{bank.port()};
    one.send(deposit);
    CHECK_THAT(one.read_some(), Contains("503 ") && Contains("\"unavailable\""));
}

TEST_CASE("connection: what is posted as replies are released becomes durable at once", "[http]") {
    durable_server bank;
    client one{bank.port()};
    std::string many;
    for (int i = 0; i != 600; ++i)  // in three turns
        many += deposit;
    one.send(many);
    CHECK_FALSE(read_soon(one));
    bank.held.open();
    const auto begin = std::chrono::steady_clock::now();
    one.shut_down_sending();
    CHECK(count(one.read_all(), "200 OK") == 600);
    // Not at the next ticks.
    CHECK(std::chrono::steady_clock::now() - begin < 900ms);
}

TEST_CASE("connection: a server that stops answers what has been posted", "[http]") {
    durable_server bank;
    client one{bank.port()};
    one.send(deposit);
    CHECK_FALSE(read_soon(one));
    bank.server.drain();
    std::this_thread::sleep_for(20ms);
    bank.held.open();
    CHECK_THAT(one.read_all(), Contains("1001.0"));
}

TEST_CASE("connection: with a full disk postings are refused and balances returned", "[http]") {
    durable_server bank;
    bank.held.open();
    bank.log().room = false;
    client one{bank.port()};
    one.send(deposit);
    CHECK_THAT(one.read_some(),
               Contains("503 ") && Contains("Retry-After: 1") && Contains("unavailable"));
    one.send(balance);
    CHECK_THAT(one.read_some(), Contains("1000.0"));
    bank.log().room = true;
    one.send(deposit);
    CHECK_THAT(one.read_some(), Contains("1001.0"));
}

TEST_CASE("connection: before the ledger is open, clients are refused with 503", "[http]") {
    running_worker server{running_worker::later};
    server.begin();
    client one{server.port()};
    for (const std::string& request : {deposit, balance, get("/readyz")}) {
        one.send(request);
        CHECK_THAT(one.read_some(), Contains("503 ") && Contains("Retry-After: 1"));
    }
    server.engine().open(coffer::initial_accounts::sample().open_in_memory());
    one.send(get("/readyz"));
    CHECK_THAT(one.read_some(), Contains("200 OK") && Contains("\"ready\":true"));
    one.send(deposit);
    CHECK_THAT(one.read_some(), Contains("1001.0"));
}
