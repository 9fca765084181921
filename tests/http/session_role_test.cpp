// Requests to one of several nodes, from bytes to bytes.
#include <chrono>
#include <string>

#include "api/access_control.hpp"
#include "catch.hpp"
#include "engine/leadership.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using coffer::leadership;
using coffer::node_role;
using coffer::test::Contains;

namespace {

const std::string leader = "http://10.0.0.2:5000";

struct node : session_driver {
    explicit node(node_role role, const coffer::http::limits& allowed = default_limits)
        : session_driver{allowed} {
        context.guard = &guard;
        engine.rights().become(role);
        engine.rights().set_leader_url(leader);
        engine.rights().set_applied({7, leadership::boottime()});
    }
    coffer::api::access_rules rules;
    coffer::api::access_control guard{rules};
};

}  // namespace

TEST_CASE("session: a standby sends a posting on, and keeps the connection", "[http]") {
    node one{node_role::standby};
    one.send(post("/accounts/10001/deposit?a=b", R"({"amount":1})") +
             get("/accounts/10001/balance?stale=ok"));
    const std::string replies = one.replies();
    CHECK_THAT(replies, Contains("HTTP/1.1 307 Temporary Redirect\r\n"));
    CHECK_THAT(replies, Contains("\r\nLocation: " + leader + "/accounts/10001/deposit?a=b\r\n"));
    CHECK_THAT(replies, Contains("\r\nCoffer-As-Of: 7\r\nAge: 0\r\n"));
    CHECK_THAT(replies, Contains(R"("balance":1000.0)"));
    CHECK_FALSE(one.closed());
    CHECK(one.balance_minor(10001) == 100'000);
}

TEST_CASE("session: a standby sends a request on before its body has arrived", "[http]") {
    const std::string whole = post("/accounts/10001/deposit", R"({"amount":1})");
    const std::string waiting = "Expect: 100-continue\r\n";
    const std::string batch =
        "POST /batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";
    const std::string expecting = post("/accounts/10001/deposit", R"({"amount":1})", waiting);
    for (const std::string& head : {whole.substr(0, whole.find("\r\n\r\n") + 4),
                                    expecting.substr(0, expecting.find("\r\n\r\n") + 4), batch}) {
        node one{node_role::standby};
        one.send(head);
        const std::string replies = one.replies();
        CHECK_THAT(replies, Contains("HTTP/1.1 307 "));
        CHECK_THAT(replies, Contains("\r\nConnection: close\r\n"));
        CHECK(one.closed());
    }
}

TEST_CASE("session: HEAD at a standby is answered as GET is, without a body", "[http]") {
    node one{node_role::standby};
    one.send(
        "HEAD /accounts/10001/balance?stale=ok HTTP/1.1\r\nHost: x\r\n\r\n"
        "HEAD /accounts/10001/balance HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string replies = one.replies();
    CHECK_THAT(replies, Contains("\r\nCoffer-As-Of: 7\r\n"));
    CHECK_THAT(replies, Contains("HTTP/1.1 307 "));
    CHECK(replies.find('{') == replies.npos);
}

TEST_CASE("session: a leader that loses its right refuses what has arrived since", "[http]") {
    node one{node_role::leader};
    one.engine.rights().answer_until(leadership::boottime() + std::chrono::hours{1});
    const std::string whole = post("/accounts/10001/deposit", R"({"amount":1})");
    one.send(whole + whole.substr(0, whole.size() - 1));
    CHECK(count(one.replies(), "HTTP/1.1 200 ") == 1);
    one.engine.rights().stop_answering();
    one.send(whole.substr(whole.size() - 1));
    CHECK_THAT(one.replies(), Contains("HTTP/1.1 503 "));
    CHECK(one.balance_minor(10001) == 100'100);
}

TEST_CASE("session: a leader's stream ends where its right does", "[http]") {
    limits one_piece_a_feed;
    one_piece_a_feed.requests_per_wake = 2;
    node one{node_role::leader, one_piece_a_feed};
    one.engine.rights().answer_until(leadership::boottime() + std::chrono::hours{1});
    one.keep(get("/accounts", "Accept: application/x-ndjson\r\n"));
    one.go_on();
    one.engine.rights().stop_answering();
    for (int i = 0; i != 10; ++i)
        one.go_on();
    CHECK_THAT(one.replies(), Contains(R"("type":"unavailable")"));
}
