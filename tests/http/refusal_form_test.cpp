// Refusals as application/problem+json, wherever they are made.
#include <string>

#include "catch.hpp"
#include "http/conversation_driver.hpp"
#include "http/scripted_transfers.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;
using answer = coffer::api::body_stream::state;

namespace {

const std::string wants_problems = "Accept: application/problem+json\r\n";

struct started : conversation_driver {
    explicit started(conversation_bench& bench) : conversation_driver{bench} { start(); }
    void take_all() {
        for (int turns = 0; waits == conversation::action::kind::wait_writable; ++turns) {
            REQUIRE(turns < 1000);
            become_writable();
        }
    }
};

std::size_t problems(const std::string& replies, const std::string& type) {
    return count(replies, R"({"type":"urn:coffer:problem:)" + type + '"');
}

}  // namespace

TEST_CASE("refusals: a client that prefers problems gets them, and the next request does not",
          "[http]") {
    session_driver client;
    client.send(get("/nowhere", wants_problems) + get("/nowhere") +
                post("/accounts/10001/withdraw", R"({"amount":5000})", wants_problems) +
                get("/accounts/10001/balance", wants_problems));
    const std::string replies = client.replies();
    CHECK(count(replies, "\r\nContent-Type: application/problem+json\r\n") == 2);
    CHECK(count(replies, "\r\nContent-Type: application/json\r\n") == 2);
    CHECK_THAT(replies,
               Contains(R"({"type":"urn:coffer:problem:no_such_route","title":"No such route",)"
                        R"("status":404,"detail":"there is nothing at this path"})") &&
                   Contains(R"({"success":false,"error":{"type":"no_such_route",)") &&
                   Contains(R"("status":400,"detail":"the amount is more than what is available",)"
                            R"("available":1000.0})") &&
                   Contains(R"({"success":true,"data":{"account_number":"10001")"));
}

TEST_CASE("refusals: several lines of Accept are one list", "[http]") {
    for (const auto& [fields, is_problem] :
         {std::pair{"Accept: application/json;q=0.5\r\nX: y\r\n" + wants_problems, true},
          std::pair{"Accept: application/json\r\n" + wants_problems + "Accept: a/b\r\n", true},
          std::pair{"Accept:\r\n" + wants_problems, true},
          std::pair{std::string{"Accept: */*\r\nAccept: application/problem+json;q=0.5\r\n"},
                    false}}) {
        session_driver client;
        client.send(get("/nowhere", fields) + get("/nowhere"));
        CAPTURE(fields);
        CHECK(problems(client.replies(), "no_such_route") == (is_problem ? 1U : 0U));
    }
}

TEST_CASE("refusals: those of a head, of a body and of a late one are problems too", "[http]") {
    const std::string begin = "POST /accounts/10001/deposit HTTP/1.1\r\nHost: x\r\n" +
                              wants_problems + "Content-Type: application/json\r\n";
    for (const auto& [fields, type] :
         {std::pair{"Content-Length: 9999999\r\n\r\n", "content_too_large"},
          std::pair{"Expect: gold\r\n\r\n", "expectation_failed"},
          std::pair{"Transfer-Encoding: gzip, chunked\r\n\r\n", "not_implemented"},
          std::pair{"Transfer-Encoding: chunked\r\n\r\nx\r\n", "bad_request"},
          std::pair{"Content-Length: 1\r\nContent-Encoding: gzip\r\n\r\n1",
                    "unsupported_media_type"}}) {
        session_driver client;
        client.send(begin + fields);
        CAPTURE(fields);
        CHECK(problems(client.replies(), type) == 1);
    }
    session_driver late;
    session_driver other;
    late.send(begin + "Content-Length: 9\r\n\r\n{");
    other.send(get("/nowhere"));
    late.session.time_out({}, late.out);
    CHECK(problems(late.replies(), "request_timeout") == 1);
}

TEST_CASE("refusals: a request whose head has not been read is refused in an envelope", "[http]") {
    session_driver client;
    client.send(get("/nowhere", wants_problems));
    client.replies();
    client.send("GET /nowhere HTTP/1.1\r\n" + wants_problems);
    client.session.time_out({}, client.out);
    CHECK_THAT(client.replies(), Contains(R"({"success":false,"error":{"type":"request_timeout")"));
}

TEST_CASE("refusals: replies that are overdue are replaced in the form that each client prefers",
          "[http]") {
    conversation_bench bench{conversation_bench::durable};
    started client{bench};
    const std::string body = R"({"amount":1})";
    client.receive(post("/accounts/10001/deposit", body, wants_problems) +
                   post("/accounts/10001/deposit", body) +
                   get("/accounts/10001/balance", wants_problems));
    client.be_overdue();
    const std::string instead = client.replies();
    CHECK(count(instead, "HTTP/1.1 503 ") == 3);
    CHECK(count(instead, "Retry-After: 1\r\n") == 3);
    CHECK(problems(instead, "outcome_unknown") == 1);
    CHECK(problems(instead, "unavailable") == 1);
    CHECK(count(instead, R"({"success":false,"error":{"type":"outcome_unknown")") == 1);
}

TEST_CASE("refusals: a stream that fails before its first piece is refused as its client prefers",
          "[http]") {
    for (const bool prefers : {true, false}) {
        conversation_bench bench{limits{}, scripted_table};
        script = {};
        script.steps = {{answer::more, ""}, {answer::waiting, ""}, {answer::failed, ""}};
        started client{bench};
        client.receive(get("/stream", prefers ? wants_problems : "") + get("/short"));
        client.take_all();
        client.change();
        client.take_all();
        const std::string replies = client.replies();
        CAPTURE(replies);
        CHECK(problems(replies, "cut_overtaken") == (prefers ? 1U : 0U));
        CHECK(count(replies, "HTTP/1.1 503 ") == 1);
    }
}
