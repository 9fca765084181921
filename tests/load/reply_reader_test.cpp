#include "load/reply_reader.hpp"

#include <string>

#include "catch.hpp"
#include "load/request_writer.hpp"

using namespace coffer::load;

namespace {

const std::string body =
    R"({"success":true,"data":{"account_number":"7","balance":1.5},"code":200})";
const std::string whole =
    "HTTP/1.1 200 OK\r\nDate: now\r\ncontent-LENGTH:  " + std::to_string(body.size()) +
    " \r\n\r\n" + body;

}  // namespace

TEST_CASE("read_reply: takes one reply after the other off the bytes", "[load]") {
    const std::string two =
        whole + "HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    std::string_view bytes = two;
    reply received;
    REQUIRE(read_reply(bytes, received) == reading::whole);
    CHECK(received.status == 200);
    CHECK(received.body == body);
    CHECK_FALSE(received.close);
    REQUIRE(read_reply(bytes, received) == reading::whole);
    CHECK(received.status == 503);
    CHECK(received.close);
    CHECK(bytes.empty());
}

TEST_CASE("read_reply: waits for the rest wherever a reply is cut", "[load]") {
    for (std::size_t size = 0; size != whole.size(); ++size) {
        std::string_view bytes{whole.data(), size};
        reply received;
        REQUIRE(read_reply(bytes, received) == reading::partial);
        REQUIRE(bytes.size() == size);
    }
}

TEST_CASE("read_reply: refuses what it does not understand", "[load]") {
    const auto* const text = GENERATE(
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 xxx\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n");
    std::string_view bytes = text;
    reply received;
    CHECK(read_reply(bytes, received) == reading::malformed);
}

TEST_CASE("balance_minor: reads the balance, old or new, in cents", "[load]") {
    CHECK(balance_minor(body) == 150);
    CHECK(balance_minor(R"({"data":{"new_balance":-0.01},"code":200})") == -1);
    CHECK_FALSE(balance_minor(R"({"data":{"balance":x}})"));
    CHECK_FALSE(balance_minor("{}"));
}

TEST_CASE("error_type: reads the type of an error", "[load]") {
    CHECK(error_type(R"({"error":{"type":"unavailable","message":"m"}})") == "unavailable");
    CHECK(error_type(body).empty());
}

TEST_CASE("request_writer: writes requests behind each other", "[load]") {
    const request_writer writer{"h:1"};
    std::string out;
    writer.write({}, 42, out);
    writer.write({.what = operation::withdraw, .amount_minor = 1250}, 7, out);
    CHECK(out ==
          "GET /accounts/42/balance HTTP/1.1\r\nHost: h:1\r\n\r\n"
          "POST /accounts/7/withdraw HTTP/1.1\r\nHost: h:1\r\n"
          "Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"amount\":12.5}");
}
