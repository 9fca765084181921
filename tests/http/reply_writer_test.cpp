#include "http/reply_writer.hpp"

#include "catch.hpp"

using namespace coffer::http;
using Catch::Matchers::Contains;

TEST_CASE("date_text: writes the date of RFC 9110", "[http]") {
    CHECK(date_text(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    CHECK(date_text(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
    CHECK(date_text(951782400) == "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST_CASE("write_reply: a reply without content has neither length nor type", "[http]") {
    coffer::api::reply reply;
    std::string out;
    reply.list_methods("GET, OPTIONS");
    write_reply(reply, {.date = "now"}, out);
    CHECK(out == "HTTP/1.1 204 No Content\r\nDate: now\r\nAllow: GET, OPTIONS\r\n\r\n");
}

TEST_CASE("write_reply: tells a client to try again where that makes sense", "[http]") {
    coffer::api::reply reply;
    std::string out;
    reply.refuse(coffer::api::problem::unavailable);
    write_reply(reply, {.date = "now"}, out);
    CHECK_THAT(out, Contains("HTTP/1.1 503 Service Unavailable\r\nDate: now\r\n") &&
                        Contains("\r\nRetry-After: 1\r\n") && !Contains("Connection"));
    out.clear();
    reply.refuse(coffer::api::problem::internal_error);
    write_reply(reply, {.date = "now"}, out);
    CHECK_THAT(out, Contains("HTTP/1.1 500 ") && !Contains("Retry-After"));
}
