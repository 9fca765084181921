// What a session does at its limits, each of them set to a value that is not the default.
#include <string>

#include "catch.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;

namespace {

const std::string deposit = post("/accounts/10001/deposit", R"({"amount":1})");

std::string times(int count, const std::string& text) {
    std::string all;
    for (int i = 0; i != count; ++i)
        all += text;
    return all;
}

}  // namespace

TEST_CASE("session: stops after so many requests and goes on where it stopped", "[http]") {
    limits allowed;
    allowed.requests_per_wake = 3;
    session_driver client{allowed};
    client.keep(times(7, deposit) + deposit.substr(0, 30));
    for (const int due : {3, 3, 1}) {
        client.go_on();
        CHECK(count(client.out_once, "HTTP/1.1 200 OK") == static_cast<std::size_t>(due));
        CHECK(client.session.has_more() == (due == 3));
    }
    client.send(deposit.substr(30));
    CHECK_FALSE(client.session.has_more());
    CHECK(client.balance_minor(10001) == 100'800);
}

TEST_CASE("session: exactly as many requests as fit leave nothing more to do", "[http]") {
    limits allowed;
    allowed.requests_per_wake = 2;
    session_driver client{allowed};
    client.keep(times(2, deposit));
    client.go_on();
    CHECK(count(client.out_once, "200 OK") == 2);
    CHECK_FALSE(client.session.has_more());
}

TEST_CASE("session: stops once its replies have so many bytes", "[http]") {
    limits allowed;
    allowed.output_bytes = 500;
    session_driver client{allowed};
    client.keep(times(100, get("/")));
    int feeds = 0;
    do {
        client.go_on();
        CHECK(client.out_once.size() < 500 + 512);
        ++feeds;
    } while (client.session.has_more());
    CHECK(feeds > 20);
    CHECK(count(client.replies(), "404 Not Found") == 100);
}

TEST_CASE("session: does not stop for good at a refusal", "[http]") {
    limits allowed;
    allowed.requests_per_wake = 1;
    session_driver client{allowed};
    client.send(deposit + "nonsense\r\n\r\n" + deposit);
    CHECK_THAT(client.replies(), Contains("200 OK") && Contains("400 Bad Request"));
    CHECK(client.closed());
    CHECK_FALSE(client.session.has_more());
    CHECK(client.balance_minor(10001) == 100'100);
}

TEST_CASE("session: draining, what it stopped before is answered first", "[http]") {
    limits allowed;
    allowed.requests_per_wake = 2;
    session_driver client{allowed};
    client.keep(times(5, deposit));
    client.go_on();
    client.session.drain();
    client.send("");
    const std::string replies = client.replies();
    CHECK(count(replies, "200 OK") == 5);
    CHECK(count(replies, "Connection: close") == 1);
    CHECK(client.closed());
}

TEST_CASE("session: bodies, targets and heads have the limits they are given", "[http]") {
    limits allowed;
    allowed.body_bytes = 100;
    allowed.target_bytes = 100;
    allowed.head_bytes = 300;
    const auto answer = [&allowed](const std::string& request) {
        session_driver client{allowed};
        client.send(request);
        return client.replies();
    };
    const std::string path = "/accounts/10001/deposit";
    const std::string body = R"({"amount":1)" + std::string(100 - 12, ' ') + "}";
    CHECK_THAT(answer(post(path, body)), Contains("1001.0"));
    CHECK_THAT(answer(post(path, body + " ")), Contains(" 413 "));
    CHECK_THAT(answer(get(std::string{"/"}.append(99, 'a'))), Contains(" 404 "));
    CHECK_THAT(answer(get(std::string{"/"}.append(100, 'a'))), Contains(" 414 "));
    const std::string rest = get("/", "X: \r\n");
    CHECK_THAT(answer(get("/", "X: " + std::string(300 - rest.size(), 'x') + "\r\n")),
               Contains(" 404 "));
    CHECK_THAT(answer(get("/", "X: " + std::string(301 - rest.size(), 'x') + "\r\n")),
               Contains(" 431 "));
}

TEST_CASE("session: one that is turned away is refused with 503, whatever it has begun", "[http]") {
    for (const std::string begun : {"", "GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-"}) {
        session_driver client;
        client.send(begun);
        client.session.turn_away({}, coffer::api::problem::unavailable, client.out);
        CHECK_THAT(client.replies(), Contains("HTTP/1.1 503 Service Unavailable\r\n") &&
                                         Contains("\r\nRetry-After: 1\r\n") &&
                                         Contains("\r\nConnection: close\r\n") &&
                                         Contains(R"("type":"unavailable")"));
        CHECK(client.closed());
    }
}
