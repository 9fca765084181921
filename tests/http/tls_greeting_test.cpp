#include "http/tls_greeting.hpp"

#include <string>

#include "catch.hpp"

using coffer::http::read_greeting;
using coffer::http::tls_greeting;
using kind = tls_greeting::kind;

namespace {

std::string record(std::size_t bytes) {
    return std::string{"\x16\x03\x01"} + static_cast<char>(bytes >> 8U) +
           static_cast<char>(bytes & 0xFFU);
}

}  // namespace

TEST_CASE("read_greeting: awaits the header, and then the whole first record", "[http]") {
    const std::string whole = record(300) + std::string(300, 'x');
    for (std::size_t size = 0; size != whole.size(); ++size) {
        CAPTURE(size);
        const tls_greeting found = read_greeting(whole.substr(0, size));
        CHECK(found.what == kind::unfinished);
        CHECK(found.bytes == (size < 5 ? 5 : whole.size()));
    }
    CHECK(read_greeting(whole).what == kind::handshake);
    CHECK(read_greeting(whole + "more").what == kind::handshake);
}

TEST_CASE("read_greeting: tells HTTP without TLS, and what is neither", "[http]") {
    for (const char* const text : {"G", "GET / HTTP/1.1\r\n", "POST", "PRI * HTTP/2.0"}) {
        CAPTURE(text);
        CHECK(read_greeting(text).what == kind::http);
    }
    for (const std::string& text : {std::string{"\x16\x02"}, std::string{"\x15\x03\x01"},
                                    std::string{"\x80\x2e\x01"}, std::string(1, '\0'), record(0),
                                    record(16385), std::string{"\r\n"}, std::string{"get"}}) {
        CAPTURE(text);
        CHECK(read_greeting(text).what == kind::foreign);
    }
    CHECK(read_greeting(record(16384)).what == kind::unfinished);
}
