#include "replication/store_url.hpp"

#include <stdexcept>

#include "catch.hpp"

using coffer::replication::parse_store_url;
using coffer::test::Contains;

TEST_CASE("store URLs: have a scheme, a host and a port", "[replication]") {
    const auto plain = parse_store_url("http://127.0.0.1:2379/");
    CHECK(plain.text == "http://127.0.0.1:2379");
    CHECK_FALSE(plain.is_secure);
    CHECK(plain.host == "127.0.0.1");
    CHECK(plain.port == 2379);
    CHECK(plain.authority() == "127.0.0.1:2379");

    const auto secure = parse_store_url("https://etcd-1.example.org:65535");
    CHECK(secure.is_secure);
    CHECK(secure.host == "etcd-1.example.org");

    const auto sixth = parse_store_url("http://[::1]:1");
    CHECK(sixth.host == "::1");
    CHECK(sixth.authority() == "[::1]:1");
}

TEST_CASE("store URLs: what is none is refused, and named", "[replication]") {
    for (const char* text : {"",
                             "127.0.0.1:2379",
                             "ftp://a:1",
                             "http://",
                             "http://a",
                             "http://a:",
                             "http://:1",
                             "http://a:0",
                             "http://a:65536",
                             "http://a:1x",
                             "http://a:-1",
                             "http://a:1/v3",
                             "http://a:1?x",
                             "http://user:secret@a:1",
                             "http://a b:1",
                             "http://::1:1",
                             "http://[::1:1",
                             "http://[a]:1",
                             "http://a\r\n:1",
                             "http://a:1//"}) {
        INFO(text);
        CHECK_THROWS_AS(parse_store_url(text), std::invalid_argument);
    }
    CHECK_THROWS_WITH(parse_store_url("http://a"), Contains("'http://a'"));
}
