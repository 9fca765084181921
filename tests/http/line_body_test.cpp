// Bodies that are taken line by line, from bytes to replies, without a socket.
#include "http/line_body.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "http/conversation_driver.hpp"
#include "http/scripted_transfers.hpp"

using namespace coffer::http;
using coffer::test::Contains;
using kind = conversation::action::kind;
using answer = coffer::api::line_sink::state;
using text_lines = std::vector<std::string>;

namespace {

const std::string short_request = get("/short");

std::string lines_head(const std::string& framing, const std::string& more_fields = "") {
    return "POST /lines HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n" + framing +
           "\r\n" + more_fields + "\r\n";
}

std::string with_length(const std::string& body, const std::string& more_fields = "") {
    return lines_head("Content-Length: " + std::to_string(body.size()), more_fields) + body;
}

/// In chunks of so many bytes.
std::string in_chunks(const std::string& body, std::size_t bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string all = lines_head("Transfer-Encoding: chunked");
    for (std::size_t at = 0; at < body.size(); at += bytes) {
        const std::string chunk = body.substr(at, bytes);
        all += {digits[chunk.size() / 4096 % 16], digits[chunk.size() / 256 % 16],
                digits[chunk.size() / 16 % 16], digits[chunk.size() % 16]};
        all += "\r\n" + chunk + "\r\n";
    }
    return all + "0\r\n\r\n";
}

std::string times(int number, const std::string& text) {
    std::string all;
    for (int i = 0; i != number; ++i)
        all += text;
    return all;
}

answer take_a_coin(coffer::teller& teller, std::string_view) {
    const auto made = teller.deposit(10001, coffer::money::from_minor(100), {});
    return made.service == coffer::service::done ? answer::taken : answer::waiting;
}

struct line_bench : conversation_bench {
    explicit line_bench(const limits& allowed = {}) : conversation_bench{allowed, scripted_table} {
        script = {};
    }
    explicit line_bench(with_journal, const limits& allowed = {})
        : conversation_bench{durable, allowed, scripted_table} {
        script = {};
    }
};

struct started : conversation_driver {
    explicit started(conversation_bench& bench) : conversation_driver{bench} { start(); }
    void go_on() {
        for (int turns = 0; waits == kind::wait_writable; ++turns) {
            REQUIRE(turns < 1000);
            become_writable();
        }
    }
};

}  // namespace

TEST_CASE("line_body: lines arrive whole and in order, however the bytes do", "[http]") {
    const std::string body = "one\n\ntwo\r\nthr\ree\nlast";
    const text_lines due{"one", "two", "thr\ree", "last"};
    for (const std::string& request :
         {with_length(body), in_chunks(body, 1), in_chunks(body, 3), in_chunks(body, 1000)}) {
        const std::string bytes = request + short_request;
        for (std::size_t at = 0; at <= bytes.size(); ++at) {
            line_bench bench;
            started client{bench};
            if (at != 0)
                client.receive(bytes.substr(0, at));
            client.go_on();
            if (at != bytes.size())
                client.receive(bytes.substr(at));
            client.go_on();
            const std::string replies = client.replies();
            CAPTURE(at, request, replies);
            REQUIRE(script.lines == due);
            REQUIRE(count(replies, "HTTP/1.1 200 OK\r\n") == 2);
            REQUIRE(replies.find("\"ended\":true") < replies.find("\"short\":true"));
            REQUIRE(client.waits == kind::read);
            REQUIRE(live_sinks == 0);
        }
        line_bench bench;
        started client{bench};
        for (const char one : bytes)
            client.receive({&one, 1});
        CHECK(script.lines == due);
        CHECK(count(client.replies(), "HTTP/1.1 200 OK\r\n") == 2);
    }
}

TEST_CASE("line_body: a body without lines has none, and ends", "[http]") {
    for (const std::string& request : {with_length(""), in_chunks("", 1)}) {
        line_bench bench;
        started client{bench};
        client.receive(request);
        CHECK(script.lines.empty());
        CHECK_THAT(client.replies(), Contains("\"ended\":true"));
        CHECK(client.waits == kind::read);
    }
}

TEST_CASE("line_body: a body has no limit, a line has one", "[http]") {
    limits allowed;
    allowed.body_bytes = 1000;
    const std::string longest(max_test_line, 'x');
    const std::string body = times(500, longest + "\r\n") + times(2000, "y\n");
    for (const std::string& request :
         {with_length(body), in_chunks(body, 3), in_chunks(body, 50'000)}) {
        line_bench bench{allowed};
        started client{bench};
        std::size_t most = 0;
        for (std::size_t at = 0; at < request.size(); at += 700) {
            client.receive(request.substr(at, 700));
            client.go_on();
            most = std::max(most, bench.common.buffered.bytes());
        }
        CHECK_THAT(client.replies(), Contains("\"ended\":true"));
        CHECK(script.lines.size() == 2500);
        CHECK(most <= 4096);
    }
    for (const std::string& line : {longest + "x\n", longest + "x", longest + "xyz"}) {
        for (const std::string& request : {with_length("a\n" + line), in_chunks("a\n" + line, 7)}) {
            line_bench bench{allowed};
            started client{bench};
            client.receive(request + short_request);
            CHECK_THAT(client.replies(), Contains("HTTP/1.1 413 ") && !Contains("short") &&
                                             Contains("\r\nConnection: close\r\n"));
            CHECK(script.lines == text_lines{"a"});
            CHECK(client.shut_down);
        }
    }
    line_bench bench{allowed};
    started client{bench};  // other bodies keep their limit
    client.receive("POST /deposit HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 413 "));
}

TEST_CASE("line_body: chunk headers without content have a limit", "[http]") {
    limits allowed;
    allowed.body_bytes = 1000;
    line_bench bench{allowed};
    started client{bench};
    client.receive(lines_head("Transfer-Encoding: chunked") + "5;");
    for (int i = 0; i != 5 && client.waits == kind::read && !client.shut_down; ++i)
        client.receive(std::string(1000, 'x'));
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 413 "));
}

TEST_CASE("line_body: a malformed chunk is refused after the lines before it", "[http]") {
    limits allowed;
    allowed.requests_per_wake = 2;
    const std::string bytes =
        lines_head("Transfer-Encoding: chunked") + "8\r\none\ntwo\n\r\n8\r\nthree\nfo\r\nx\r\n";
    for (std::size_t at = 1; at != bytes.size(); ++at) {
        line_bench bench{allowed};
        started client{bench};
        client.receive(bytes.substr(0, at));
        client.go_on();
        if (!client.shut_down)
            client.receive(bytes.substr(at));
        client.go_on();
        CAPTURE(at);
        CHECK(script.lines == text_lines{"one", "two", "three"});
        CHECK_THAT(client.replies(), Contains("HTTP/1.1 400 "));
        CHECK(client.shut_down);
        CHECK(live_sinks == 0);
    }
}

TEST_CASE("line_body: others have their turn between so many lines", "[http]") {
    limits allowed;
    allowed.requests_per_wake = 3;
    for (const bool chunked : {false, true}) {
        line_bench bench{allowed};
        started client{bench};
        const std::string body = times(7, "x\n");
        client.receive(chunked ? in_chunks(body, 100) : with_length(body));
        CHECK(script.lines.size() == 3);
        CHECK(client.waits == kind::wait_writable);
        client.become_writable();
        CHECK(script.lines.size() == 6);
        client.go_on();
        CHECK(script.lines.size() == 7);
        CHECK_THAT(client.replies(), Contains("\"ended\":true"));
    }
}

TEST_CASE("line_body: others have their turn between so many bodies without lines", "[http]") {
    limits allowed;
    allowed.requests_per_wake = 3;
    for (const std::string& request : {with_length(""), in_chunks("", 1)}) {
        line_bench bench{allowed};
        started client{bench};
        client.receive(times(7, request));
        CHECK(count(client.replies(), "\"ended\":true") == 3);
        CHECK(client.waits == kind::wait_writable);
        client.go_on();
        CHECK(count(client.replies(), "\"ended\":true") == 4);
    }
}

TEST_CASE("line_body: a line that is not taken is offered again once more is durable", "[http]") {
    for (const bool chunked : {false, true}) {
        line_bench bench{conversation_bench::durable};
        script.take = [first = true](coffer::teller& teller, std::string_view line) mutable {
            if (line == "two" && std::exchange(first, false))
                return answer::waiting;
            return take_a_coin(teller, line);
        };
        started client{bench};
        client.receive(chunked ? in_chunks("one\ntwo\nthree\n", 100)
                               : with_length("one\ntwo\nthree\n"));
        CHECK(client.waits == kind::wait_durable);
        CHECK(script.lines == text_lines{"one"});
        bench.make_durable();
        bench.held.shut();
        client.become_durable();
        client.go_on();
        CHECK(script.lines == text_lines{"one", "two", "three"});
        CHECK(client.waits == kind::wait_durable);  // the reply reports what was posted
        CHECK(client.replies().empty());
        bench.make_durable();
        client.become_durable();
        CHECK_THAT(client.replies(), Contains("\"ended\":true"));
    }
}

TEST_CASE("line_body: a sink that waits though all is durable waits for a change", "[http]") {
    line_bench bench;
    script.take = [first = true](coffer::teller&, std::string_view) mutable {
        return std::exchange(first, false) ? answer::waiting : answer::taken;
    };
    started client{bench};
    client.receive(with_length("one\ntwo\n"));
    CHECK(client.waits == kind::wait_change);
    client.change();
    CHECK(script.lines == text_lines{"one", "two"});
    CHECK_THAT(client.replies(), Contains("\"ended\":true"));
}

TEST_CASE("line_body: the reply waits for what earlier turns posted", "[http]") {
    line_bench bench{conversation_bench::durable};
    script.take = &take_a_coin;
    started client{bench};
    const std::string request = with_length("one\ntwo\n");
    client.receive(request.substr(0, request.size() - 3));  // "two" has no end yet
    CHECK(client.waits == kind::read);                      // nothing is replied yet
    script.take = nullptr;
    client.receive(request.substr(request.size() - 3));
    CHECK(client.waits == kind::wait_durable);
    CHECK(client.replies().empty());
    SECTION("until it is durable") {
        bench.make_durable();
        client.become_durable();
        CHECK_THAT(client.replies(), Contains("\"ended\":true"));
    }
    SECTION("or overdue") {
        client.be_overdue();
        CHECK_THAT(client.replies(), Contains("HTTP/1.1 503 ") && Contains("outcome_unknown"));
    }
}

TEST_CASE("line_body: postings of others do not make a reply undurable", "[http]") {
    line_bench bench{conversation_bench::durable};
    started client{bench};
    client.receive(post("/deposit", "") + with_length("one\n"));
    CHECK(client.waits == kind::wait_durable);
    client.be_overdue();
    const std::string replies = client.replies();
    CHECK(count(replies, "HTTP/1.1 503 ") == 1);
    CHECK_THAT(replies, Contains("outcome_unknown") && Contains("\"ended\":true"));
}

TEST_CASE("line_body: when the disk hangs, a sink that waits is not waited for", "[http]") {
    line_bench bench{conversation_bench::durable};
    std::string instead = "outcome_unknown";
    SECTION("after a posting") {
        script.take = [](coffer::teller& teller, std::string_view line) {
            return line == "one" ? take_a_coin(teller, line) : answer::waiting;
        };
    }
    SECTION("without a posting of its own") {
        script.take = [](coffer::teller&, std::string_view line) {
            return line == "one" ? answer::taken : answer::waiting;
        };
        instead = "\"unavailable\"";
    }
    started client{bench};
    started other{bench};
    const std::string request = with_length("one\ntwo\n") + short_request;
    const std::size_t half = request.find("two");
    client.receive(request.substr(0, half));
    other.receive(post("/deposit", ""));
    client.receive(request.substr(half));
    CHECK(client.waits == kind::wait_durable);
    client.be_overdue();
    if (client.waits == kind::wait_durable)
        client.be_overdue();
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 503 ") && Contains(instead) &&
                                     Contains("Connection: close") && !Contains("short"));
    CHECK(client.shut_down);
    CHECK(live_sinks == 0);
}

TEST_CASE("line_body: a sink that takes no more ends the request and the connection", "[http]") {
    line_bench bench;
    script.take = [](coffer::teller&, std::string_view line) {
        return line == "bad" ? answer::ended : answer::taken;
    };
    started client{bench};
    client.receive(with_length("good\nbad\nnever\n") + short_request);
    const std::string reply = client.replies();
    CHECK(count(reply, "HTTP/1.1 ") == 1);
    CHECK_THAT(reply, Contains("HTTP/1.1 415 ") && Contains("\r\nConnection: close\r\n"));
    CHECK(script.lines == text_lines{"good"});
    CHECK(client.shut_down);
}

TEST_CASE("line_body: a body that ends early after a posting has an unknown outcome", "[http]") {
    const std::string long_line(max_test_line + 1, 'x');
    const std::vector<text_lines> endings{
        {"HTTP/1.1 408 ", lines_head("Content-Length: 1000") + "one\n", ""},
        {"HTTP/1.1 413 ", lines_head("Content-Length: 1000") + "one\n", long_line},
        {"HTTP/1.1 400 ", lines_head("Transfer-Encoding: chunked") + "4\r\none\n\r\n", "?\r\n"}};
    for (const auto& ending : endings) {
        for (const bool posts : {false, true}) {
            line_bench bench{conversation_bench::durable};
            script.take = posts ? &take_a_coin : nullptr;
            started client{bench};
            client.receive(ending[1]);
            client.receive(ending[2]);
            client.pass(client.shut_down ? 0 : default_limits.body_timeout.count() + 1);
            const std::string reply = client.replies();
            CHECK_THAT(reply, Contains(posts ? "outcome_unknown" : ending[0]) &&
                                  Contains("\r\nConnection: close\r\n") && !Contains("disk"));
            CHECK(count(reply, "did not arrive whole") == (posts ? 1 : 0));
            CHECK(client.shut_down);
        }
    }
}

TEST_CASE("line_body: a refusal of the head reads no line", "[http]") {
    line_bench bench;
    started client{bench};
    client.receive(
        "POST /lines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: 4\r\n\r\none\n");
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 415 ") && Contains("Connection: close"));
    CHECK(script.lines.empty());
}

TEST_CASE("line_body: a client that waits to send is asked for the body", "[http]") {
    line_bench bench;
    started client{bench};
    const std::string request = with_length("one\n", "Expect: 100-continue\r\n");
    client.receive(request.substr(0, request.size() - 4));
    CHECK(client.replies() == "HTTP/1.1 100 Continue\r\n\r\n");
    client.receive("one\n");
    CHECK_THAT(client.replies(), Contains("\"ended\":true"));
}

TEST_CASE("line_body: the deadline of the body moves with each line, and not with bytes",
          "[http]") {
    line_bench bench;
    started client{bench};
    client.receive(lines_head("Content-Length: 1000000"));
    const tick patience = default_limits.body_timeout.count();
    for (int i = 0; i != 5; ++i) {
        client.pass(patience);
        client.receive("one\n");
    }
    CHECK(client.waits == kind::read);
    for (tick i = 0; i != patience; ++i) {
        client.pass(1);
        client.receive("x");
    }
    CHECK(client.replies().empty());
    client.pass(1);
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 408 "));
    CHECK(client.shut_down);
}

TEST_CASE("line_body: a reply may be a stream", "[http]") {
    line_bench bench;
    script.finishes_with_stream = true;
    script.steps = {{coffer::api::body_stream::state::done, "all"}};
    started client{bench};
    client.receive(with_length("one\n") + short_request);
    client.go_on();
    const std::string replies = client.replies();
    CHECK_THAT(replies, Contains("chunked") && Contains("all\r\n0\r\n\r\n"));
    CHECK(replies.find("all") < replies.find("\"short\":true"));
    CHECK(live_streams == 0);
}
