#include "http/tls_greeting.hpp"

#include <algorithm>
#include <string>

#include "catch.hpp"

using coffer::http::most_greeting_bytes;
using coffer::http::read_greeting;
using coffer::http::tls_greeting;
using kind = tls_greeting::kind;

namespace {

std::string record_header(std::size_t bytes) {
    return std::string{"\x16\x03\x01"} + static_cast<char>(bytes >> 8U) +
           static_cast<char>(bytes & 0xFFU);
}

/// A message of so many bytes after its header.
std::string message(std::size_t bytes, char type = 1) {
    return std::string{type, static_cast<char>(bytes >> 16U), static_cast<char>(bytes >> 8U),
                       static_cast<char>(bytes & 0xFFU)} +
           std::string(bytes, 'x');
}

/// The message in records of so many bytes.
std::string in_records(const std::string& whole, std::size_t each) {
    std::string all;
    for (std::size_t at = 0; at < whole.size(); at += each) {
        const std::string piece = whole.substr(at, each);
        all += record_header(piece.size()) + piece;
    }
    return all;
}

}  // namespace

TEST_CASE("read_greeting: awaits each record of the whole first message", "[http]") {
    for (const std::size_t each : {1000, 304, 303, 100, 7, 3, 1}) {
        const std::string whole = in_records(message(300), each);
        std::size_t awaited = 5;
        for (std::size_t size = 0; size != whole.size(); ++size) {
            CAPTURE(each, size);
            const tls_greeting found = read_greeting(whole.substr(0, size));
            REQUIRE(found.what == kind::unfinished);
            REQUIRE(found.bytes > size);
            REQUIRE(found.bytes >= awaited);
            REQUIRE(found.bytes <= whole.size());
            awaited = found.bytes;
        }
        CHECK(read_greeting(whole).what == kind::handshake);
        CHECK(read_greeting(whole + "more").what == kind::handshake);
    }
}

TEST_CASE("read_greeting: is not content with a whole record of a part of the message", "[http]") {
    CHECK(read_greeting({"\x16\x03\x01\x00\x01\x01", 6}).what == kind::unfinished);
    CHECK(read_greeting(record_header(100) + message(300).substr(0, 100)).what == kind::unfinished);
}

TEST_CASE("read_greeting: tells HTTP without TLS, and what is neither", "[http]") {
    for (const char* const text : {"G", "GET / HTTP/1.1\r\n", "POST", "PRI * HTTP/2.0"}) {
        CAPTURE(text);
        CHECK(read_greeting(text).what == kind::http);
    }
    for (const std::string& text :
         {std::string{"\x16\x02"}, std::string{"\x15\x03\x01"}, std::string{"\x80\x2e\x01"},
          std::string(1, '\0'), record_header(0), std::string{"\r\n"}, std::string{"get"},
          in_records(message(300, 2), 1000), in_records(message(300), 100).substr(0, 105) + "\x17",
          in_records(message(300), 100).substr(0, 105) + record_header(0)}) {
        CAPTURE(text);
        CHECK(read_greeting(text).what == kind::foreign);
    }
}

TEST_CASE("read_greeting: a first message beyond the bound is foreign, in whatever records",
          "[http]") {
    const std::size_t most = most_greeting_bytes - 9;
    CHECK(read_greeting(in_records(message(most), most + 4)).what == kind::handshake);
    const std::string larger = in_records(message(most_greeting_bytes), 1000);
    CHECK(read_greeting(larger.substr(0, 1005)).what == kind::foreign);
    CHECK(read_greeting(record_header(most + 5)).what == kind::foreign);
    const std::string many = in_records(message(most_greeting_bytes / 4), 1);
    CHECK(read_greeting(many).what == kind::foreign);
}
