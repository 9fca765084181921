#include "http/recalled_replies.hpp"

#include <string>

#include "catch.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;

namespace {

const std::string deposit = post("/accounts/10001/deposit", R"({"amount":1})");

/// What is sent instead of the replies to these requests.
std::string recalled(const std::string& requests) {
    session_driver client;
    client.send(requests);
    return recall_replies(client.replies(), client.context);
}

}  // namespace

TEST_CASE("recall_replies: a posting becomes one of which the outcome is unknown", "[http]") {
    const std::string instead = recalled(deposit);
    CHECK_THAT(instead, Contains("HTTP/1.1 503 ") && Contains("\"outcome_unknown\"") &&
                            Contains("Retry-After: 1\r\n"));
    CHECK(count(instead, "HTTP/1.1 ") == 1);
    CHECK(count(instead, "1001.0") == 0);
}

TEST_CASE("recall_replies: the refusal of one by a balance becomes unavailable: nothing was posted",
          "[http]") {
    CHECK_THAT(recalled(post("/accounts/10001/withdraw", R"({"amount":99999})")),
               Contains("HTTP/1.1 503 ") && Contains("\"unavailable\""));
}

TEST_CASE("recall_replies: a balance becomes unavailable, with and without its body", "[http]") {
    CHECK_THAT(recalled(get("/accounts/10001/balance")),
               Contains("HTTP/1.1 503 ") && Contains("\"unavailable\""));
    const std::string head = "HEAD /accounts/10001/balance HTTP/1.1\r\nHost: x\r\n\r\n";
    const std::string instead = recalled(head + head);
    CHECK(count(instead, "HTTP/1.1 503 ") == 2);
    CHECK(count(instead, "{") == 0);
}

TEST_CASE("recall_replies: what no crash takes back stays as it is", "[http]") {
    session_driver client;
    client.send(post("/accounts/10001/deposit", R"({"amount":-1})") +
                post("/accounts/x/deposit", R"({"amount":1})") + get("/readyz") + get("/nowhere") +
                "OPTIONS /readyz HTTP/1.1\r\nHost: x\r\n\r\n" + get("/metrics"));
    const std::string replies = client.replies();
    CHECK(recall_replies(replies, client.context) == replies);
}

TEST_CASE("recall_replies: each of several replies is replaced in its place", "[http]") {
    const std::string instead =
        recalled(get("/nowhere") + deposit + get("/accounts/10001/balance") +
                 post("/accounts/10001/deposit", R"({"amount":1})", "Connection: close\r\n"));
    CHECK(count(instead, "HTTP/1.1 ") == 4);
    CHECK(instead.find("no_such_route") < instead.find("outcome_unknown"));
    CHECK(instead.find("outcome_unknown") < instead.find("\"unavailable\""));
    CHECK(instead.find("\"unavailable\"") < instead.rfind("outcome_unknown"));
    CHECK(count(instead, "Connection: close\r\n") == 1);
    CHECK(instead.find("Connection: close\r\n") < instead.rfind("outcome_unknown"));
}
