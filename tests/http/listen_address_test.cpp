#include "http/listen_address.hpp"

#include "catch.hpp"
#include "http/address_check.hpp"

using namespace coffer::http;

TEST_CASE("parse_listen_address: reads addresses and ports and prints them again", "[http]") {
    for (const char* const text :
         {"127.0.0.1:5000", "0.0.0.0:0", "[::1]:65535", "[::]:1", "tls:0.0.0.0:443", "tls:[::1]:0",
          "unix:/run/coffer.socket", "unix:here"}) {
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
    for (const char* const text : {"",
                                   ":",
                                   "5000",
                                   ":5000",
                                   "127.0.0.1",
                                   "127.0.0.1:",
                                   "127.0.0.1:65536",
                                   "127.0.0.1:-1",
                                   "127.0.0.1:5000x",
                                   "127.0.0.1: 5000",
                                   "::1:5000",
                                   "[127.0.0.1]:5000",
                                   "example:80",
                                   "1.2.3:80",
                                   "[::1:80",
                                   "tls:",
                                   "tls:5000",
                                   "tls:tls:127.0.0.1:1",
                                   "unix:",
                                   "http:1.2.3.4:1"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_listen_address(text));
    }
    CHECK(parse_listen_address("unix:" + std::string(107, 'p')));
    CHECK_FALSE(parse_listen_address("unix:" + std::string(108, 'p')));
}

TEST_CASE("url_of: is what a client uses", "[http]") {
    const auto of = [](const char* text) { return url_of(*parse_listen_address(text)); };
    CHECK(of("127.0.0.1:5000") == "http://127.0.0.1:5000");
    CHECK(of("tls:[::1]:443") == "https://[::1]:443");
    CHECK(of("unix:/run/coffer.socket") == "unix:/run/coffer.socket");
}

TEST_CASE("facts_of: only loopback addresses and Unix sockets are local", "[http]") {
    const auto of = [](const char* text) { return facts_of(*parse_listen_address(text), true); };
    for (const char* const text : {"127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "tls:127.0.0.1:1"}) {
        CAPTURE(text);
        CHECK(of(text).is_local);
        CHECK(of(text).checks_hosts);
    }
    CHECK(of("unix:/x").is_local);
    CHECK_FALSE(of("unix:/x").checks_hosts);
    for (const char* const text : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "tls:0.0.0.0:1"}) {
        CAPTURE(text);
        CHECK_FALSE(of(text).is_local);
        CHECK_FALSE(of(text).checks_hosts);
    }
    CHECK(of("tls:0.0.0.0:1").is_encrypted);
    CHECK_FALSE(of("0.0.0.0:1").is_encrypted);
    CHECK(of("0.0.0.0:1").has_operations);
    CHECK_FALSE(facts_of({"127.0.0.1", 1}, false).has_operations);
}

TEST_CASE("listen address: two at which no server can listen at once", "[http]") {
    const auto is_same = [](const char* one, const char* other) {
        const auto first = parse_listen_address(one).value();
        const auto second = parse_listen_address(other).value();
        const bool found = is_same_place(first, second);
        CHECK(found == is_same_place(second, first));
        return found;
    };
    CHECK(is_same("127.0.0.1:5000", "tls:127.0.0.1:5000"));
    CHECK(is_same("127.0.0.1:5000", "0.0.0.0:5000"));
    CHECK(is_same("127.0.0.1:5000", "[::]:5000"));
    CHECK(is_same("[::1]:5000", "[::]:5000"));
    CHECK(is_same("unix:/a", "unix:/a"));
    CHECK_FALSE(is_same("127.0.0.1:5000", "127.0.0.1:5001"));
    CHECK_FALSE(is_same("127.0.0.1:5000", "127.0.0.2:5000"));
    CHECK_FALSE(is_same("[::1]:5000", "0.0.0.0:5000"));
    CHECK_FALSE(is_same("127.0.0.1:0", "0.0.0.0:0"));
    CHECK_FALSE(is_same("unix:/a", "unix:/b"));
    CHECK_FALSE(is_same("unix:/a", "0.0.0.0:0"));
}
