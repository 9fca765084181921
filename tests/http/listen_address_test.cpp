#include "http/listen_address.hpp"

#include "catch.hpp"

using namespace coffer::http;

TEST_CASE("parse_listen_address: reads addresses and ports and prints them again", "[http]") {
    for (const char* const text : {"127.0.0.1:5000", "0.0.0.0:0", "[::1]:65535", "[::]:1"}) {
        const auto parsed = parse_listen_address(text);
        CAPTURE(text);
        REQUIRE(parsed);
        CHECK(to_string(*parsed) == text);
    }
    const auto local = parse_listen_address("localhost:80");
    REQUIRE(local);
    CHECK(to_string(*local) == "127.0.0.1:80");
}

TEST_CASE("parse_listen_address: refuses everything else", "[http]") {
    for (const char* const text :
         {"", ":", "5000", ":5000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
          "127.0.0.1:5000x", "127.0.0.1: 5000", "::1:5000", "[127.0.0.1]:5000", "example:80",
          "1.2.3:80", "[::1:80"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_listen_address(text));
    }
}
