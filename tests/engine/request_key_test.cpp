#include "engine/request_key.hpp"

#include <string>

#include "catch.hpp"

using coffer::read_request_key;

TEST_CASE("read_request_key: takes visible characters, quoted or not", "[engine]") {
    CHECK(read_request_key("abc") == "abc");
    CHECK(read_request_key("\"abc\"") == "abc");
    CHECK(read_request_key("8e03978e-40d5-43dd-bc93-6894a57f9324") ==
          "8e03978e-40d5-43dd-bc93-6894a57f9324");
    CHECK(read_request_key("\"") == "\"");
    CHECK(read_request_key("!~") == "!~");
    CHECK(read_request_key(std::string(255, 'k')) == std::string(255, 'k'));
    CHECK(read_request_key('"' + std::string(255, 'k') + '"') == std::string(255, 'k'));
}

TEST_CASE("read_request_key: refuses what is none", "[engine]") {
    CHECK_FALSE(read_request_key(""));
    CHECK_FALSE(read_request_key("\"\""));
    CHECK_FALSE(read_request_key("a b"));
    CHECK_FALSE(read_request_key("a\tb"));
    CHECK_FALSE(read_request_key("a\x7f"));
    CHECK_FALSE(read_request_key("caf\xc3\xa9"));
    CHECK_FALSE(read_request_key(std::string(256, 'k')));
}
