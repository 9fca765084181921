#include "http/chunked_body.hpp"

#include <string>

#include "catch.hpp"
#include "http/limits.hpp"

using coffer::api::problem;
using coffer::http::chunked_body;
using coffer::http::default_limits;

TEST_CASE("chunked_body: joins its chunks and stops where they end", "[http]") {
    const std::string chunks =
        "5\r\nhello\r\n01;name=\"a;b\"\r\n,\r\n6 \r\n";  // a space is no extension
    chunked_body spaced;
    CHECK(spaced.take(chunks, default_limits) == chunks.size() - 2);
    CHECK(spaced.problem_found() == problem::request_malformed);

    const std::string good = "5\r\nhello\r\nA;x\r\n, \r\nworld!\r\n000\r\nOne: 1\r\nTwo:\r\n\r\n";
    chunked_body body;
    CHECK(body.take(good + "GET /", default_limits) == good.size());
    CHECK(body.done());
    CHECK(body.problem_found() == problem::none);
    CHECK(body.content() == "hello, \r\nworld!");
}

TEST_CASE("chunked_body: is done at its last byte and not before", "[http]") {
    const std::string good = "1\r\na\r\n0\r\nOne: 1\r\n\r\n";
    chunked_body body;
    for (const char c : good) {
        CHECK_FALSE(body.done());
        CHECK(body.take({&c, 1}, default_limits) == 1);
    }
    CHECK(body.done());
    CHECK(body.content() == "a");
    CHECK(body.take("more", default_limits) == 0);
}

TEST_CASE("chunked_body: refuses what is malformed at the byte that is wrong", "[http]") {
    for (const std::string bad : {"x",
                                  "\r",
                                  ";",
                                  "0x",
                                  "5\n",
                                  "5\rx",
                                  "5;a\n",
                                  "5;\x01",
                                  "1\r\naa",
                                  "1\r\na\rx",
                                  "1\r\na\r\n\r",
                                  "0\r\n ",
                                  "0\r\n:",
                                  "0\r\nOne: 1\n",
                                  "0\r\n\rx",
                                  "0\r\nPOST ",
                                  "0\r\nOne\r",
                                  "0\r\nOne\t",
                                  "-",
                                  "+",
                                  " "}) {
        chunked_body body;
        CAPTURE(bad);
        CHECK(body.take(bad, default_limits) == bad.size());
        CHECK(body.problem_found() == problem::request_malformed);
        CHECK_FALSE(body.done());
    }
}

TEST_CASE("chunked_body: refuses a chunk that goes beyond the limit before its content", "[http]") {
    for (const char* const size : {"10001\r\n", "fffffffffffffffffffffffff\r\n"}) {
        chunked_body body;
        static_cast<void>(body.take(size, default_limits));
        CHECK(body.problem_found() == problem::body_too_large);
    }
    chunked_body body;
    CHECK(body.take("10000\r\n" + std::string(default_limits.body_bytes, 'x') + "\r\n1",
                    default_limits) == 7 + default_limits.body_bytes + 3);
    CHECK(body.problem_found() == problem::body_too_large);
}

TEST_CASE("chunked_body: refuses extensions and trailers without end", "[http]") {
    for (const char* const begin : {"1;", "0\r\nTrailer: "}) {
        chunked_body body;
        static_cast<void>(
            body.take(begin + std::string(default_limits.chunked_bytes(), 'x'), default_limits));
        CHECK(body.problem_found() == problem::body_too_large);
    }
}

TEST_CASE("chunked_body: takes one byte too many and no more", "[http]") {
    const std::string chunks =
        "1;" + std::string(default_limits.chunked_bytes(), 'x') + "\n";  // malformed
    chunked_body body;
    CHECK(body.take(chunks, default_limits) == default_limits.chunked_bytes() + 1);
    CHECK(body.problem_found() == problem::body_too_large);
}

TEST_CASE("chunked_body: takes no more content than its limit", "[http]") {
    coffer::http::limits allowed;
    allowed.body_bytes = 100;
    chunked_body fits;
    CHECK(fits.take("64\r\n", allowed) == 4);
    CHECK(fits.problem_found() == problem::none);
    chunked_body over;
    CHECK(over.take("65\r\n", allowed) == 2);
    CHECK(over.problem_found() == problem::body_too_large);
}

TEST_CASE("chunked_body: gives back what a large body took, and begins again", "[http]") {
    chunked_body body;
    CHECK(body.buffered_bytes() == 0);
    static_cast<void>(body.take("2000\r\n" + std::string(0x2000, 'x'), default_limits));
    CHECK(body.buffered_bytes() >= 0x2000);
    body.reset();
    CHECK(body.buffered_bytes() == 0);
    CHECK(body.take("1\r\na\r\n0\r\n\r\n", default_limits) == 11);
    CHECK(body.done());
    CHECK(body.content() == "a");
}
