#include "http/session.hpp"

#include <string>

#include "catch.hpp"
#include "http/limits.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;

namespace {

/// With the tag of an account that was opened and no more.
std::string reply_ok(const std::string& body, const std::string& more_fields = "") {
    return "HTTP/1.1 200 OK\r\nDate: " + std::string{session_driver::date} +
           "\r\nCache-Control: no-store\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\nETag: \"1\"\r\n" + more_fields + "\r\n" + body;
}

const std::string balance_10001 =
    R"({"success":true,"data":{"account_number":"10001","balance":1000.0},"code":200})";

std::string chunked_post(std::string_view chunks) {
    return "POST /accounts/10001/deposit HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
           "Transfer-Encoding: chunked\r\n\r\n" +
           std::string{chunks};
}

}  // namespace

TEST_CASE("session: answers a request to the byte", "[http]") {
    session_driver client;
    client.send(get("/accounts/10001/balance"));
    CHECK(client.replies() == reply_ok(balance_10001));
    CHECK_FALSE(client.closed());
}

TEST_CASE("session: answers the same whether bytes come at once or one at a time", "[http]") {
    const std::string requests =
        get("/accounts/10001/balance") + post("/accounts/10001/withdraw", R"({"amount":1.5})") +
        "\r\n" + chunked_post("5;x=\"y\"\r\n{\"amo\r\n8\r\nunt\":2 }\r\n0\r\nTrailer: x\r\n\r\n") +
        "HEAD /accounts/10001/balance HTTP/1.1\r\nHost: x\r\n\r\n" +
        post("/accounts/10001/withdraw", "nonsense") + get("/nowhere", "Connection: close\r\n");
    session_driver whole;
    whole.send(requests);
    session_driver dripping;
    dripping.send_byte_by_byte(requests);
    const std::string replies = whole.replies();
    CHECK(count(replies, "HTTP/1.1 ") == 6);
    CHECK(dripping.replies() == replies);
    CHECK(whole.balance_minor(10001) == 100'050);
    CHECK(dripping.balance_minor(10001) == 100'050);
    CHECK(whole.closed());
    CHECK(dripping.closed());
}

TEST_CASE("session: answers the same wherever two pieces part", "[http]") {
    const std::string requests = post("/accounts/10001/deposit", R"({"amount":1})") +
                                 chunked_post("c\r\n{\"amount\":1}\r\n0\r\n\r\n") +
                                 get("/accounts/10001/balance");
    session_driver whole;
    whole.send(requests);
    const std::string replies = whole.replies();
    for (std::size_t at = 1; at != requests.size(); ++at) {
        session_driver parted;
        parted.send(std::string_view{requests}.substr(0, at));
        parted.send(std::string_view{requests}.substr(at));
        CAPTURE(at);
        CHECK(parted.replies() == replies);
    }
}

TEST_CASE("session: answers twenty requests at once in their order", "[http]") {
    session_driver client;
    std::string requests;
    for (int i = 0; i != 20; ++i)
        requests += post("/accounts/10001/withdraw", R"({"amount":1})");
    client.send(requests);
    const std::string replies = client.replies();
    std::size_t at = 0;
    for (int i = 0; i != 20; ++i) {
        const std::string balance = R"("new_balance":)" + std::to_string(999 - i) + ".0}";
        at = replies.find(balance, at);
        CAPTURE(balance);
        REQUIRE(at != std::string::npos);
    }
    CHECK(count(replies, "HTTP/1.1 200 OK") == 20);
}

TEST_CASE("session: takes a whole URL for a target", "[http]") {
    session_driver client;
    client.send(get("http://x:5000/accounts/10001/balance"));
    CHECK(client.replies() == reply_ok(balance_10001));
}

TEST_CASE("session: a body that is not all there changes nothing", "[http]") {
    session_driver client;
    const std::string request = post("/accounts/10001/deposit", R"({"amount":1})");
    client.send(std::string_view{request}.substr(0, request.size() - 1));
    CHECK(client.replies().empty());
    CHECK(client.balance_minor(10001) == 100'000);
    CHECK(client.session.now() == session::phase::body);
    client.send("}");
    CHECK(client.balance_minor(10001) == 100'100);
    CHECK(client.session.now() == session::phase::idle);
}

TEST_CASE("session: HEAD is GET without the body", "[http]") {
    session_driver client;
    client.send("HEAD /accounts/10001/balance HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string with_body = reply_ok(balance_10001);
    CHECK(client.replies() == with_body.substr(0, with_body.size() - balance_10001.size()));
    client.send("HEAD /accounts/10001/deposit HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string refused = client.replies();
    CHECK_THAT(refused, Contains("405") && Contains("\r\nAllow: POST, OPTIONS\r\n"));
    CHECK(refused.substr(refused.size() - 4) == "\r\n\r\n");
}

TEST_CASE("session: stays open as the client's version and Connection field say", "[http]") {
    session_driver client;
    SECTION("HTTP/1.0 closes") {
        client.send("GET /accounts/10001/balance HTTP/1.0\r\n\r\n");
        CHECK(client.replies() == reply_ok(balance_10001, "Connection: close\r\n"));
        CHECK(client.closed());
    }
    SECTION("HTTP/1.0 stays open when asked to") {
        client.send("GET /accounts/10001/balance HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
        CHECK(client.replies() == reply_ok(balance_10001, "Connection: keep-alive\r\n"));
        CHECK_FALSE(client.closed());
    }
    SECTION("HTTP/1.1 closes when asked to, and answers nothing after that") {
        client.send(get("/accounts/10001/balance", "Connection: foo, Close\r\n") +
                    post("/accounts/10001/deposit", R"({"amount":1})"));
        CHECK(client.replies() == reply_ok(balance_10001, "Connection: close\r\n"));
        CHECK(client.closed());
        CHECK(client.balance_minor(10001) == 100'000);
    }
}

TEST_CASE("session: asks for a body that a client waits to send", "[http]") {
    const std::string request =
        post("/accounts/10001/deposit", R"({"amount":1})", "Expect: 100-continue\r\n");
    const std::size_t head = request.find("\r\n\r\n") + 4;
    session_driver client;
    client.send(std::string_view{request}.substr(0, head));
    CHECK(client.replies() == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(std::string_view{request}.substr(head));
    CHECK_THAT(client.replies(), Contains("1001.0"));
    client.send(request);  // and not of one that does not wait
    CHECK_THAT(client.replies(), Contains("1002.0") && !Contains("100 Continue"));
}

TEST_CASE("session: does not ask for a body that the answer does not depend on", "[http]") {
    struct request {
        std::string path;
        std::string status;
        std::string fields{};
    };
    for (const request& one :
         {request{"/nowhere", "404"}, request{"/accounts/x/deposit", "400"},
          request{"/accounts/77/deposit", "404"}, request{"/accounts/10001/balance", "405"},
          request{"/accounts/10001/deposit", "415", "Content-Encoding: gzip\r\n"}}) {
        session_driver client;
        const std::string head = "POST " + one.path +
                                 " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                 "Content-Length: 12\r\nExpect: 100-continue\r\n" +
                                 one.fields + "\r\n";
        client.send(head);
        CAPTURE(one.path);
        CHECK_THAT(client.replies(), Contains("HTTP/1.1 " + one.status) &&
                                         Contains("\r\nConnection: close\r\n") &&
                                         !Contains("100 Continue"));
        CHECK(client.closed());
        // A client that does not wait has its connection kept.
        session_driver hasty;
        hasty.send(head + R"({"amount":1})");
        CHECK_THAT(hasty.replies(), Contains("HTTP/1.1 " + one.status) && !Contains("Connection"));
        CHECK_FALSE(hasty.closed());
    }
}

TEST_CASE("session: an expectation without a body, or of HTTP/1.0, has no meaning", "[http]") {
    session_driver client;
    client.send(get("/accounts/10001/balance", "Expect: 100-continue\r\n"));
    CHECK(client.replies() == reply_ok(balance_10001));
    client.send(
        "POST /accounts/10001/deposit HTTP/1.0\r\nContent-Type: application/json\r\n"
        "Content-Length: 12\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.replies().empty());
}

TEST_CASE("session: OPTIONS names the methods of a path and of the server", "[http]") {
    const std::string begin =
        "HTTP/1.1 204 No Content\r\nDate: " + std::string{session_driver::date} +
        "\r\nCache-Control: no-store\r\nAllow: ";
    session_driver client;
    client.send("OPTIONS /accounts/10001/balance HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(client.replies() == begin + "GET, HEAD, OPTIONS\r\n\r\n");
    client.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(client.replies() == begin + "GET, HEAD, POST, OPTIONS\r\n\r\n");
    client.send("OPTIONS /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_THAT(client.replies(), Contains(" 404 "));
    CHECK_FALSE(client.closed());
}

TEST_CASE("session: percent-encoding in the path is undone once", "[http]") {
    session_driver client;
    client.send(get("/accounts/1%30001/%62alance"));
    CHECK(client.replies() == reply_ok(balance_10001));
    client.send(get("http://x/accounts/%31%30%30%30%31/balance"));
    CHECK(client.replies() == reply_ok(balance_10001));
    client.send(get("/accounts%2F10001/balance") + get("/accounts/10%2F001/balance"));
    CHECK_THAT(client.replies(), Contains("no_such_route") && Contains("invalid_account_number"));
    CHECK_FALSE(client.closed());
}

TEST_CASE("session: empty lines before a request do not matter", "[http]") {
    session_driver client;
    client.send_byte_by_byte("\r\n\r\n" + get("/accounts/10001/balance") + "\r\n");
    CHECK(client.replies() == reply_ok(balance_10001));
    CHECK(client.session.now() == session::phase::idle);
}

TEST_CASE("session: takes bodies up to the limit, plain and in chunks", "[http]") {
    const std::string body =
        R"({"amount":1)" + std::string(default_limits.body_bytes - 12, ' ') + "}";
    REQUIRE(body.size() == default_limits.body_bytes);
    session_driver client;
    client.send(post("/accounts/10001/deposit", body));
    CHECK_THAT(client.replies(), Contains("1001.0"));
    client.send(chunked_post("10000\r\n" + body + "\r\n0\r\n\r\n"));
    CHECK_THAT(client.replies(), Contains("1002.0"));
}

TEST_CASE("session: fields of a trailer are no fields of the head", "[http]") {
    session_driver client;
    client.send(
        chunked_post("c\r\n{\"amount\":1}\r\n0\r\nContent-Type: text/plain\r\n"
                     "Connection: close\r\nContent-Length: 3\r\n\r\n"));
    CHECK_THAT(client.replies(), Contains("1001.0") && !Contains("Connection"));
    CHECK_FALSE(client.closed());
}

TEST_CASE("session: a deadline ends a request with 408 and an idle session in silence", "[http]") {
    session_driver client;
    SECTION("in the head") {
        client.send("GET /acc");
    }
    SECTION("in the body") {
        client.send(
            "POST /accounts/10001/deposit HTTP/1.1\r\nHost: x\r\n"
            "Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"amount\":1");
    }
    SECTION("after a request") {
        client.send(get("/") + "GET /acc");
    }
    client.replies();
    client.session.time_out({}, client.out);
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 408 Request Timeout") &&
                                     Contains("request_timeout") &&
                                     Contains("Connection: close\r\n"));
    CHECK(client.closed());
    CHECK(client.balance_minor(10001) == 100'000);

    session_driver idle;
    idle.session.time_out({}, idle.out);
    CHECK(idle.replies().empty());
    CHECK(idle.closed());
}

TEST_CASE("session: draining, it answers what it has and marks the last reply", "[http]") {
    session_driver client;
    client.session.drain();
    const std::string request = get("/accounts/10001/balance");
    client.send(request + request + request.substr(0, 10));
    const std::string replies = client.replies();
    CHECK(count(replies, "HTTP/1.1 200 OK") == 2);
    CHECK(count(replies, "Connection: close") == 0);
    CHECK_FALSE(client.closed());
    client.send(request.substr(10));
    CHECK(client.replies() == reply_ok(balance_10001, "Connection: close\r\n"));
    CHECK(client.closed());
}
