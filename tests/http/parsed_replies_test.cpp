#include "http/parsed_replies.hpp"

#include <string>

#include "catch.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;

TEST_CASE("parsed replies: a problem has the type and the balance of a refusal", "[http]") {
    session_driver client;
    client.send(post("/accounts/10001/withdraw", R"({"amount":5000})",
                     "Accept: application/problem+json\r\n"));
    const std::string good = client.replies();
    const auto replies = read_replies(good);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].status == 400);
    CHECK(replies[0].type == "insufficient_funds");
    CHECK(replies[0].balance == "1000.0");
    std::string bad = good;
    bad.replace(bad.find("\"status\":400"), 12, "\"status\":401");
    CHECK_THROWS_AS(read_replies(bad), std::runtime_error);
}

TEST_CASE("parsed replies: are what a session replied", "[http]") {
    session_driver client;
    client.send("HEAD /accounts/10001/balance HTTP/1.1\r\nHost: x\r\n\r\n" +
                get("/accounts/10001/balance") +
                post("/accounts/10002/deposit", R"({"amount":1})") +
                post("/accounts/10002/deposit", "{}") + get("/nowhere", "Connection: close\r\n"));
    const auto replies = read_replies(client.replies());
    REQUIRE(replies.size() == 5);
    CHECK(replies[0].status == 200);
    CHECK_FALSE(replies[0].has_body);
    CHECK(replies[1].account == "10001");
    CHECK(replies[1].balance == "1000.0");
    CHECK_FALSE(replies[1].posted);
    CHECK(replies[2].account == "10002");
    CHECK(replies[2].balance == "2001.0");
    CHECK(replies[2].posted);
    CHECK_FALSE(replies[2].closes);
    CHECK(replies[3].status == 400);
    CHECK(replies[3].type == "invalid_amount");
    CHECK(replies[4].status == 404);
    CHECK(replies[4].closes);
}

TEST_CASE("parsed replies: what is no whole reply is refused", "[http]") {
    session_driver client;
    client.send(get("/accounts/10001/balance"));
    const std::string good = client.replies();
    REQUIRE(read_replies(good).size() == 1);
    const auto with = [&good](const std::string& from, const std::string& to) {
        std::string bad = good;
        REQUIRE(bad.find(from) != std::string::npos);
        return bad.replace(bad.find(from), from.size(), to);
    };
    for (const std::string& bad :
         {good.substr(0, good.size() - 1), good + "x", with("HTTP/1.1", "HTTP/2.0"),
          with(" 200 ", " 404 "), with("Date", "Data"), with("application/json", "text/html"),
          with("Content-Length: ", "Content-Length: 1"), with("}", "},\"more\":1"),
          with("\"balance\"", "\"balances\""), with("\r\nDate", "\r\nDate: x\r\nDate")}) {
        CAPTURE(bad);
        CHECK_THROWS_AS(read_replies(bad), std::runtime_error);
    }
}
