#include <array>
#include <string>

#include "catch.hpp"
#include "http/limits.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;

namespace {

struct refusal {
    std::string request;
    int status;
    std::string type;
};

// Each is refused in an envelope, and the connection closes; nothing is posted.
void check_refused(const refusal& one) {
    CAPTURE(one.request.substr(0, 200), one.request.size());
    for (const bool byte_by_byte : {false, true}) {
        session_driver client;
        if (byte_by_byte)
            client.send_byte_by_byte(one.request);
        else
            client.send(one.request);
        const std::string replies = client.replies();
        CAPTURE(replies.substr(0, 400));
        CHECK(count(replies, "\r\nDate: ") == 1);
        CHECK_THAT(replies, Contains("HTTP/1.1 " + std::to_string(one.status) + " ") &&
                                Contains(R"("type":")" + one.type + '"') &&
                                Contains("\"code\":" + std::to_string(one.status) + "}") &&
                                Contains("\r\nConnection: close\r\n"));
        CHECK(client.closed());
        CHECK(client.balance_minor(10001) == 100'000);
    }
}

const std::string path = "/accounts/10001/deposit";
const std::string body = R"({"amount":1})";

std::string post_with(const std::string& fields) {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + fields +
           "\r\n";
}

std::string get_line(const std::string& request_line) {
    return request_line + "\r\nHost: x\r\n\r\n";
}

constexpr std::array small_routes{
    coffer::api::route{coffer::api::method::post,
                       "/small",
                       [](coffer::teller&, const coffer::api::call&, coffer::api::reply& out) {
                           out.affirm("taken");
                       },
                       {.body = coffer::api::body_kind::json, .max_body = 8}},
};
constexpr coffer::api::route_table small_table{small_routes};

}  // namespace

TEST_CASE("session: a body above its route's limit is refused before it is read", "[http]") {
    const auto chunked = [](const char* text) {
        std::string all = "POST /small HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
        return all.append("Transfer-Encoding: chunked\r\n\r\n").append(text);
    };
    for (const std::string& request :
         {post("/small", "[1,2,34]"), chunked("8\r\n[1,2,34]\r\n0\r\n\r\n")}) {
        session_driver client{default_limits, coffer::initial_accounts::sample().open_in_memory(),
                              small_table};
        client.send(request);
        CHECK_THAT(client.replies(), Contains("\"taken\":true"));
        CHECK_FALSE(client.closed());
    }
    std::string waiting = post("/small", "[1,2,345]", "Expect: 100-continue\r\n");
    std::string head = post("/small", "[1,2,345]");
    waiting.resize(waiting.size() - 9);
    head.resize(head.size() - 9);
    for (const std::string& request : {head, waiting, chunked("9\r\n[1,2,345]")}) {
        session_driver client{default_limits, coffer::initial_accounts::sample().open_in_memory(),
                              small_table};
        client.send(request);
        CHECK_THAT(client.replies(), Contains("HTTP/1.1 413 ") && !Contains("100 Continue") &&
                                         Contains("\r\nConnection: close\r\n"));
        CHECK(client.closed());
    }
}

TEST_CASE("session: refuses malformed request lines", "[http]") {
    for (const std::string line : {"GET / ",
                                   "GET /",
                                   "GET",
                                   "GET  / HTTP/1.1",
                                   "GET /  HTTP/1.1",
                                   " GET / HTTP/1.1",
                                   "GET / HTTP/1.1 ",
                                   "GET / x HTTP/1.1",
                                   "GET / HTTP/x",
                                   "GET / http/1.1",
                                   "GET / HTTP/1.1x",
                                   "GET /\t HTTP/1.1",
                                   "G\x01T / HTTP/1.1",
                                   "GET /\x7f HTTP/1.1",
                                   "\x16\x03\x01",
                                   "GET / HTTP/11",
                                   "GET accounts HTTP/1.1",
                                   "GET /# HTTP/1.1",
                                   "GET * HTTP/1.1",
                                   "POST * HTTP/1.1",
                                   "GET /%zz HTTP/1.1",
                                   "GET /a% HTTP/1.1",
                                   "GET /%00 HTTP/1.1",
                                   "GET /%0d%0a HTTP/1.1",
                                   "CONNECT x:80 HTTP/1.1",
                                   "OPTIONS ** HTTP/1.1"})
        check_refused({get_line(line), 400, "bad_request"});
}

TEST_CASE("session: refuses versions it does not speak", "[http]") {
    check_refused({get_line("GET / HTTP/2.0"), 505, "http_version_not_supported"});
    check_refused({get_line("GET / HTTP/1.2"), 505, "http_version_not_supported"});
    check_refused({get_line("PRI * HTTP/2.0"), 505, "http_version_not_supported"});
}

TEST_CASE("session: refuses lines that do not end with CRLF", "[http]") {
    for (const std::string request :
         {"GET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1\r\nHost: x\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\n\n", "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"})
        check_refused({request, 400, "bad_request"});
}

TEST_CASE("session: refuses malformed fields", "[http]") {
    for (const std::string field :
         {"Folded: a\r\n b", "Folded: a\r\n\tb", "No colon", "Space : x", ": x",
          "Control: a\x01"
          "b",
          "Carriage: a\rb"})
        check_refused(
            {post_with("Content-Length: 12\r\n" + field + "\r\n") + body, 400, "bad_request"});
    check_refused({post_with(std::string{"Nul: a\0b\r\n", 10}), 400, "bad_request"});
}

TEST_CASE("session: refuses a missing Host and a second one", "[http]") {
    check_refused({"GET / HTTP/1.1\r\n\r\n", 400, "bad_request"});
    check_refused({"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400, "bad_request"});
    check_refused({"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "bad_request"});
}

TEST_CASE("session: refuses any doubt about where a body ends", "[http]") {
    const std::string chunks = "c\r\n" + body + "\r\n0\r\n\r\n";
    for (const std::string fields :
         {"Content-Length: 12\r\nContent-Length: 13\r\n", "Content-Length: 12, 13\r\n",
          "Content-Length: 12, 12\r\n", "Content-Length: 12\r\nContent-Length: 12\r\n",
          "Content-Length: -1\r\n", "Content-Length: +12\r\n", "Content-Length: 0xc\r\n",
          "Content-Length: 12x\r\n", "Content-Length: \r\n",
          "Content-Length: 18446744073709551628\r\n",
          "Content-Length: 12\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked\r\nContent-Length: 22\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: chunked, gzip\r\n",
          "Transfer-Encoding: gzip\r\n", "Transfer-Encoding: \r\n",
          "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: chunked:\r\n"})
        check_refused({post_with(fields) + chunks, 400, "bad_request"});
    check_refused({"POST " + path +
                       " HTTP/1.0\r\nContent-Type: application/json\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n" +
                       chunks,
                   400, "bad_request"});
}

TEST_CASE("session: refuses malformed chunks", "[http]") {
    for (const std::string& chunks :
         std::initializer_list<std::string>{"x\r\n", "\r\n", "c\n" + body + "\r\n0\r\n\r\n",
                                            "c\r\n" + body + "x\r\n0\r\n\r\n", "-1\r\n", "0x5\r\n"})
        check_refused({post_with("Transfer-Encoding: chunked\r\n") + chunks, 400, "bad_request"});
}

TEST_CASE("session: refuses trailer lines that are no fields", "[http]") {
    for (const std::string line : {"POST /x HTTP/1.1", "No-Colon", "Space : x", ": x"})
        check_refused({post_with("Transfer-Encoding: chunked\r\n") + "c\r\n" + body + "\r\n0\r\n" +
                           line + "\r\n\r\n",
                       400, "bad_request"});
}

TEST_CASE("session: refuses what it does not implement", "[http]") {
    check_refused({get_line("FOO / HTTP/1.1"), 501, "not_implemented"});
    check_refused({post_with("Transfer-Encoding: gzip, chunked\r\n"), 501, "not_implemented"});
    check_refused(
        {post_with("Content-Length: 12\r\nExpect: a-miracle\r\n"), 417, "expectation_failed"});
}

TEST_CASE("session: refuses what is too large as soon as it knows", "[http]") {
    const std::string endless(2 * default_limits.head_bytes, 'a');
    check_refused({"GET /" + endless, 414, "uri_too_long"});
    check_refused({get_line("GET /" + std::string(default_limits.target_bytes, 'a') + " HTTP/1.1"),
                   414, "uri_too_long"});
    check_refused({"GET / HTTP/1.1\r\nX: " + endless, 431, "request_header_fields_too_large"});
    check_refused({post_with("Content-Length: 65537\r\n"), 413, "content_too_large"});
    check_refused(
        {post_with("Content-Length: 18446744073709551615\r\n"), 413, "content_too_large"});
    check_refused(
        {post_with("Transfer-Encoding: chunked\r\n") + "10001\r\n" + std::string(65537, ' '), 413,
         "content_too_large"});
}

TEST_CASE("session: refuses chunks that are mostly framing", "[http]") {
    std::string chunks;
    while (chunks.size() <= default_limits.chunked_bytes())
        chunks += "1\r\n \r\n";
    check_refused({post_with("Transfer-Encoding: chunked\r\n") + chunks, 413, "content_too_large"});
}

TEST_CASE("session: refuses a chunked body that is too large once, though its end came along",
          "[http]") {
    std::string chunks;
    while (chunks.size() <= default_limits.chunked_bytes())
        chunks += "1\r\n \r\n";
    chunks += "c\r\n" + body + "\r\n0\r\n\r\n";
    check_refused({post_with("Transfer-Encoding: chunked\r\n") + chunks, 413, "content_too_large"});
}

TEST_CASE("session: a client without a place is answered once its head is there", "[http]") {
    session_driver client;
    client.session.turn_away_next();
    const std::string head = post_with("Content-Length: 12\r\nExpect: 100-continue\r\n");
    client.send("\r\n" + head.substr(0, head.size() - 1));
    CHECK(client.replies().empty());
    CHECK_FALSE(client.closed());
    client.send(head.substr(head.size() - 1));
    const std::string replies = client.replies();
    CHECK(count(replies, "HTTP/1.1 ") == 1);
    CHECK_THAT(replies, Contains("HTTP/1.1 503 ") && Contains("\r\nRetry-After: 1\r\n") &&
                            Contains("\r\nConnection: close\r\n"));
    CHECK(client.closed());

    session_driver whole;
    whole.session.turn_away_next();
    whole.send(post(path, body) + post(path, body));
    CHECK(count(whole.replies(), "HTTP/1.1 503 ") == 1);
    CHECK(whole.balance_minor(10001) == 100'000);

    session_driver asks_head;
    asks_head.session.turn_away_next();
    asks_head.send("HEAD /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_THAT(asks_head.replies(),
               Contains("HTTP/1.1 503 ") && Catch::Matchers::EndsWith("\r\n\r\n"));
}
