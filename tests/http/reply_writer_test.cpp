#include "http/reply_writer.hpp"

#include <array>
#include <cstdint>
#include <limits>

#include "api/answers.hpp"
#include "catch.hpp"

using namespace coffer::http;
using coffer::test::Contains;

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
    CHECK(out ==
          "HTTP/1.1 204 No Content\r\nDate: now\r\nCache-Control: no-store\r\n"
          "Allow: GET, OPTIONS\r\n\r\n");
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

TEST_CASE("write_reply: no reply may be stored by a cache", "[http]") {
    coffer::api::reply reply;
    const auto written = [&reply] {
        std::string out;
        write_reply(reply, {.date = "now"}, out);
        return out;
    };
    const std::string no_store = "\r\nDate: now\r\nCache-Control: no-store\r\n";
    reply.affirm("ready");
    CHECK_THAT(written(), Contains(no_store));
    reply.refuse(coffer::api::problem::request_malformed);
    CHECK_THAT(written(), Contains(no_store));
    reply.text("text/plain", [](std::string& out) { out += "x"; });
    CHECK_THAT(written(), Contains(no_store));
}

TEST_CASE("write_reply: names the content codings there are where a coding is what is wrong",
          "[http]") {
    coffer::api::reply reply;
    const auto refusal = [&reply](coffer::api::problem why) {
        std::string out;
        reply.refuse(why);
        write_reply(reply, {.date = "now"}, out);
        return out;
    };
    CHECK_THAT(refusal(coffer::api::problem::content_coding_unsupported),
               Contains("HTTP/1.1 415 ") && Contains("\r\nAccept-Encoding: identity\r\n"));
    CHECK_THAT(refusal(coffer::api::problem::media_type_unsupported),
               Contains("HTTP/1.1 415 ") && !Contains("Accept-Encoding"));
}

TEST_CASE("write_reply: a reply to a posting fits in the room that a worker keeps for it",
          "[http]") {
    constexpr auto lowest = coffer::money::from_minor(std::numeric_limits<std::int64_t>::min());
    constexpr coffer::account_number highest = std::numeric_limits<coffer::account_number>::max();
    const coffer::posting longest{highest, 1, lowest};
    const std::string date = date_text(0);
    const reply_framing framing{.date = date, .keep_alive = true};
    coffer::api::reply reply;
    const auto check = [&] {
        std::string out;
        write_reply(reply, framing, out);
        CHECK(reply.body().size() <= coffer::api::reply::least_bytes);
        CHECK(out.size() - reply.body().size() <= most_head_bytes);
        return out.size();
    };
    coffer::transaction_result transaction;
    transaction.replayed = true;
    transaction.count = coffer::max_transaction_legs;
    transaction.postings.fill(longest);
    std::array<coffer::leg, coffer::max_transaction_legs> legs;
    legs.fill({highest, lowest});
    coffer::api::answer(transaction, legs, reply);
    CHECK(check() > coffer::api::reply::least_bytes);

    coffer::hold_result hold;
    hold.replayed = true;
    hold.hold = {.account = highest,
                 .id = {highest, UINT32_MAX},
                 .amount = lowest,
                 .captured = lowest,
                 .remaining = lowest,
                 .status = coffer::hold_status::captured,
                 .expires_at_ns = INT64_MAX};
    hold.account = longest;
    coffer::api::answer(hold, 201, coffer::api::names_account::no, reply);
    static_cast<void>(check());

    for (int i = 0; i <= static_cast<int>(coffer::api::problem::internal_error); ++i) {
        reply.refuse(static_cast<coffer::api::problem>(i),
                     {.account = highest, .available = lowest, .hold_status = "captured"});
        reply.mark_replayed();
        static_cast<void>(check());
    }
}
