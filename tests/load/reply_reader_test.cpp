#include "load/reply_reader.hpp"

#include <string>

#include "catch.hpp"

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

TEST_CASE("read_reply: finds where else the request is to be sent", "[load]") {
    std::string_view bytes =
        "HTTP/1.1 307 T\r\nContent-Length: 0\r\nlocation: http://10.0.0.2:5000/a?b\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    reply received;
    REQUIRE(read_reply(bytes, received) == reading::whole);
    CHECK(received.location == "http://10.0.0.2:5000/a?b");
    REQUIRE(read_reply(bytes, received) == reading::whole);
    CHECK(received.location.empty());
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

TEST_CASE("next_balance_minor: reads one balance after the other, old or new, in cents", "[load]") {
    std::string_view two =
        R"({"data":{"from":{"new_balance":-0.01},"to":{"balance":1.5}},"code":0})";
    CHECK(next_balance_minor(two) == -1);
    CHECK(next_balance_minor(two) == 150);
    CHECK_FALSE(next_balance_minor(two));
    std::string_view wrong = R"({"data":{"balance":x}})";
    CHECK_FALSE(next_balance_minor(wrong));
}

TEST_CASE("hold_id, held_minor: read a hold's object", "[load]") {
    constexpr std::string_view hold =
        R"({"hold":"17-3","amount":40.0,"status":"held","balance":90.0,"held":42.5})";
    CHECK(hold_id(hold) == "17-3");
    CHECK(held_minor(hold) == 4250);
    CHECK(hold_id(body).empty());
    CHECK_FALSE(held_minor(body));
}

TEST_CASE("error_type: reads the type of an error", "[load]") {
    CHECK(error_type(R"({"error":{"type":"unavailable","message":"m"}})") == "unavailable");
    CHECK(error_type(body).empty());
}
