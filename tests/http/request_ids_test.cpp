#include "http/request_ids.hpp"

#include <set>
#include <string>

#include "catch.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;

namespace {

/// Each id in the replies.
std::vector<std::string> ids_in(std::string_view replies) {
    constexpr std::string_view name = "\r\nX-Request-Id: ";
    std::vector<std::string> found;
    for (std::size_t at = replies.find(name); at != replies.npos; at = replies.find(name, at + 1)) {
        const std::size_t begin = at + name.size();
        found.emplace_back(replies.substr(begin, replies.find('\r', begin) - begin));
    }
    return found;
}

}  // namespace

TEST_CASE("request ids: are visible characters, and each is another", "[http]") {
    request_ids ids{0xfedcba9876543210, 1023};
    std::set<std::string> seen;
    for (int i = 0; i != 100'000; ++i)
        seen.insert(std::string{ids.next()});
    CHECK(seen.size() == 100'000);
    for (const std::string& one : seen)
        if (!is_request_id(one))
            FAIL(one);
}

TEST_CASE("request ids: those of two workers, and of two processes, differ", "[http]") {
    request_ids one{7, 0};
    request_ids neighbour{7, 1};
    request_ids elsewhere{8, 0};
    const std::string first{one.next()};
    CHECK(first != neighbour.next());
    CHECK(first != elsewhere.next());
    CHECK(request_ids::start_of_process() == request_ids::start_of_process());
}

TEST_CASE("request ids: one of 1 to 128 visible characters is a client's own", "[http]") {
    for (const std::string& right : {std::string{"a"}, std::string{"!~"}, std::string(128, 'x')})
        CHECK(is_request_id(right));
    for (const std::string& wrong : {std::string{}, std::string(129, 'x'), std::string{"a b"},
                                     std::string{"a\tb"}, std::string{"\xc3\xa4"}})
        CHECK_FALSE(is_request_id(wrong));
}

TEST_CASE("session: each reply has the id of its request, a refusal too", "[http]") {
    session_driver client;
    client.send(get("/accounts/10001/balance", "X-Request-Id: mine\r\n") +
                get("/nowhere", "x-request-id: other\r\n") +
                post("/accounts/10001/deposit", "{}", "X-Request-Id: third\r\n") +
                "GET /x y HTTP/1.1\r\nX-Request-Id: malformed\r\n\r\n");
    const auto ids = ids_in(client.replies());
    REQUIRE(ids.size() >= 3);
    CHECK(ids[0] == "mine");
    CHECK(ids[1] == "other");
    CHECK(ids[2] == "third");
}

TEST_CASE("session: a request without a valid id gets one that no other has", "[http]") {
    session_driver client;
    client.context.ids = request_ids{1, 2};
    client.send(get("/accounts/10001/balance") + get("/readyz") +
                get("/readyz", "X-Request-Id: a b\r\n") +
                get("/readyz", "X-Request-Id: " + std::string(129, 'x') + "\r\n"));
    const auto ids = ids_in(client.replies());
    REQUIRE(ids.size() == 4);
    CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 4);
    for (const std::string& one : ids)
        CHECK_THAT(one, !Contains(" ") && !Contains("xxx"));
}

TEST_CASE("session: a request that ends early is refused with its id", "[http]") {
    session_driver client;
    const std::string begun =
        "POST /accounts/10001/deposit HTTP/1.1\r\nHost: x\r\n"
        "X-Request-Id: late\r\nContent-Length: 9\r\n\r\n";
    client.send(begun);
    client.session.time_out(begun, client.out);
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 408 ") && Contains("X-Request-Id: late\r\n"));

    session_driver headless;
    headless.context.ids = request_ids{1, 2};
    headless.send("GET / HT");
    headless.session.time_out("GET / HT", headless.out);
    CHECK(ids_in(headless.replies()).size() == 1);
}

TEST_CASE("session: a stream has its request's id, and so has a batch whose head is long gone",
          "[http]") {
    session_driver client;
    client.send(get("/accounts", "Accept: application/x-ndjson\r\nX-Request-Id: stream\r\n"));
    CHECK(ids_in(client.replies()) == std::vector<std::string>{"stream"});

    client.send(
        "POST /batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
        "X-Request-Id: batch\r\nContent-Length: 100\r\n\r\n");
    std::string line = R"({"op":"deposit","account_number":"10001","amount":1})";
    line.resize(99, ' ');
    client.send(line.substr(0, 50));
    client.send(line.substr(50) + "\n");
    CHECK(ids_in(client.replies()) == std::vector<std::string>{"batch"});
}
