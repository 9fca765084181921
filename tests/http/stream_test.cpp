// Replies whose body is a stream, from request to bytes, without a socket.
#include <chrono>
#include <string>
#include <thread>

#include "catch.hpp"
#include "http/conversation_driver.hpp"
#include "http/scripted_transfers.hpp"

using namespace coffer::http;
using coffer::test::Contains;
using kind = conversation::action::kind;
using namespace std::chrono_literals;
using answer = coffer::api::body_stream::state;

namespace {

const std::string stream_request = get("/stream");
const std::string short_request = get("/short");

void post_a_coin(coffer::teller& teller) {
    static_cast<void>(teller.deposit(10001, coffer::money::from_minor(100), {}));
}

/// A bench whose routes are the scripted ones, and whose script is fresh.
struct stream_bench : conversation_bench {
    explicit stream_bench(const limits& allowed = {})
        : conversation_bench{allowed, scripted_table} {
        script = {};
    }
    explicit stream_bench(with_journal, const limits& allowed = {})
        : conversation_bench{durable, allowed, scripted_table} {
        script = {};
    }
};

struct started : conversation_driver {
    explicit started(conversation_bench& bench) : conversation_driver{bench} { start(); }
    /// Takes its replies until it has something else to wait for.
    void take_all() {
        for (int turns = 0; waits == kind::wait_writable; ++turns) {
            REQUIRE(turns < 1000);
            become_writable();
        }
    }
};

/// The body of a reply in chunks, and what follows it.
struct chunked_reply {
    explicit chunked_reply(std::string_view bytes) {
        const std::size_t end = bytes.find("\r\n\r\n") + 4;
        head = bytes.substr(0, end);
        bytes.remove_prefix(end);
        body = take_chunks(bytes);
        rest = bytes;
    }
    std::string head;
    std::string body;
    std::string rest;
};

}  // namespace

TEST_CASE("stream: its pieces are chunks, and the next request is answered after it", "[http]") {
    stream_bench bench;
    script.steps = {{answer::more, "one "}, {answer::more, ""}, {answer::done, "two"}};
    started client{bench};
    client.receive(stream_request + short_request);
    client.take_all();
    CHECK(client.waits == kind::read);
    const chunked_reply reply{client.replies()};
    CHECK_THAT(reply.head, Contains("HTTP/1.1 200 OK\r\n") &&
                               Contains("\r\nContent-Type: text/plain\r\n") &&
                               Contains("\r\nTransfer-Encoding: chunked\r\n") &&
                               !Contains("Content-Length") && !Contains("Connection"));
    CHECK(reply.body == "one two");
    CHECK_THAT(reply.rest, Contains("HTTP/1.1 200 OK\r\n") && Contains("\"short\":true"));
    CHECK(live_streams == 0);
}

TEST_CASE("stream: to HTTP/1.0 the connection's end ends the body", "[http]") {
    stream_bench bench;
    script.steps = {{answer::more, "one "}, {answer::done, "two"}};
    started client{bench};
    client.receive("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client.take_all();
    const std::string reply = client.replies();
    CHECK_THAT(reply, Contains("\r\nConnection: close\r\n") && !Contains("Transfer-Encoding"));
    CHECK(reply.substr(reply.find("\r\n\r\n") + 4) == "one two");
    CHECK(client.shut_down);
}

TEST_CASE("stream: a request that closes has its stream first", "[http]") {
    stream_bench bench;
    script.steps = {{answer::more, "one "}, {answer::done, "two"}};
    started client{bench};
    client.receive(get("/stream", "Connection: close\r\n"));
    client.take_all();
    const chunked_reply reply{client.replies()};
    CHECK_THAT(reply.head, Contains("\r\nConnection: close\r\n"));
    CHECK(reply.body == "one two");
    CHECK(client.shut_down);
}

TEST_CASE("stream: HEAD gets the head alone", "[http]") {
    stream_bench bench;
    started client{bench};
    client.receive("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n" + short_request);
    client.take_all();
    const std::string replies = client.replies();
    const std::size_t end = replies.find("\r\n\r\n") + 4;
    CHECK_THAT(replies.substr(0, end), Contains("\r\nTransfer-Encoding: chunked\r\n"));
    CHECK_THAT(replies.substr(end), Contains("\"short\":true"));
    CHECK(replies.compare(end, 9, "HTTP/1.1 ") == 0);
    CHECK(script.pulls == 0);
    CHECK(live_streams == 0);
}

TEST_CASE("stream: its memory counts as buffered, and no other begins while memory is short",
          "[http]") {
    limits allowed;
    allowed.buffered_bytes = 50'000;
    stream_bench bench{allowed};
    script.is_endless = true;
    script.buffered_bytes = 6'000'000;
    auto hog = std::make_unique<started>(bench);
    hog->takes = 0;
    hog->receive(stream_request);
    CHECK(bench.common.buffered.bytes() >= 6'000'000);
    started other{bench};
    other.receive(stream_request);
    CHECK_THAT(other.replies(), Contains("HTTP/1.1 503 ") && Contains("\r\nRetry-After: 1\r\n"));
    hog.reset();
    CHECK(bench.common.buffered.bytes() == 0);
}

TEST_CASE("stream: no more of it is made than the client takes and the limit allows", "[http]") {
    limits allowed;
    allowed.output_bytes = 4096;
    stream_bench bench{allowed};
    script.is_endless = true;
    started client{bench};
    client.takes = 10'000;
    client.receive(stream_request);
    for (int i = 0; i != 100 && client.takes != 0; ++i)
        client.become_writable();
    CHECK(client.waits == kind::wait_writable);
    const int pulls = script.pulls;
    client.become_writable();  // the socket takes nothing
    CHECK(script.pulls == pulls);
    CHECK(client.largest_write <= allowed.output_bytes);
    CHECK(bench.common.buffered.bytes() <= 2 * allowed.output_bytes);
    client.takes = SIZE_MAX;
    client.become_writable();
    client.become_writable();
    CHECK(script.pulls > pulls);
    CHECK(client.largest_write <= allowed.output_bytes);
}

TEST_CASE("stream: others have their turn between its pieces", "[http]") {
    stream_bench bench;
    script.is_endless = true;
    started client{bench};
    started other{bench};
    client.receive(stream_request);
    std::size_t most = 0;
    for (int i = 0; i != 20; ++i) {
        most = std::max(most, client.replies().size());
        other.receive(short_request);
        CHECK_THAT(other.replies(), Contains("\"short\":true"));
        client.become_writable();
    }
    CHECK(most <= 64 * 1024 + 512);
}

TEST_CASE("stream: the write deadline moves with the client's progress", "[http]") {
    stream_bench bench;
    script.is_endless = true;
    started client{bench};
    client.unacknowledged = 100'000;
    client.takes = 1000;
    client.receive(stream_request);
    for (int i = 0; i != 5; ++i) {
        client.pass(default_limits.write_timeout.count());
        client.unacknowledged -= 1000;
        client.pass(1);
        CHECK(client.waits == kind::wait_writable);
    }
    client.pass(default_limits.write_timeout.count() + 1);
    CHECK(client.waits == kind::close);
}

TEST_CASE("stream: a client that leaves destroys it", "[http]") {
    stream_bench bench;
    script.is_endless = true;
    {
        started client{bench};
        client.receive(stream_request);
        CHECK(live_streams == 1);
    }
    CHECK(live_streams == 0);
}

TEST_CASE("stream: with nothing to send it waits for a change, without a deadline", "[http]") {
    stream_bench bench;
    script.steps = {{answer::waiting, "one "}, {answer::waiting, ""}, {answer::done, "two"}};
    started client{bench};
    client.receive(stream_request + short_request);
    CHECK(client.waits == kind::wait_change);
    std::string replies = client.replies();
    CHECK_THAT(replies, Contains("one ") && !Contains("two"));
    client.pass(1000);
    CHECK(client.waits == kind::wait_change);
    client.change();
    CHECK(client.waits == kind::wait_change);
    CHECK(client.replies().empty());
    client.change();
    client.take_all();
    replies += client.replies();
    const chunked_reply reply{replies};
    CHECK(reply.body == "one two");
    CHECK_THAT(reply.rest, Contains("\"short\":true"));
}

TEST_CASE("stream: a piece is sent once what it shows is durable", "[http]") {
    stream_bench bench{conversation_bench::durable};
    script.steps = {
        {answer::more, "one "}, {answer::waiting, ""}, {answer::done, "two", &post_a_coin}};
    started client{bench};
    client.receive(stream_request);
    std::string replies = client.replies();
    CHECK_THAT(replies, Contains("one "));
    client.change();
    CHECK(client.waits == kind::wait_durable);
    CHECK(client.replies().empty());
    bench.make_durable();
    client.become_durable();
    client.take_all();
    replies += client.replies();
    CHECK(chunked_reply{replies}.body == "one two");
}

TEST_CASE("stream: a piece that is overdue is replaced by an early end", "[http]") {
    stream_bench bench{conversation_bench::durable};
    script.steps = {{answer::waiting, "one "}};
    SECTION("of a stream that has more") {
        script.steps.push_back({answer::waiting, "secret", &post_a_coin});
    }
    SECTION("of a stream that has ended with it") {
        script.steps.push_back({answer::done, "secret", &post_a_coin});
    }
    started client{bench};
    client.receive(stream_request + short_request);
    client.change();
    client.be_overdue();
    client.take_all();
    const chunked_reply reply{client.replies()};
    CHECK(reply.body == "one early:unavailable");
    CHECK_THAT(reply.rest, Contains("\"short\":true"));
    CHECK(live_streams == 0);
}

TEST_CASE("stream: one that is overdue before its head was sent is replaced by 503", "[http]") {
    stream_bench bench{conversation_bench::durable};
    script.steps = {{answer::more, "secret", &post_a_coin}, {answer::more, "more"}};
    started client{bench};
    client.receive(post("/deposit", "") + stream_request + short_request);
    CHECK(client.waits == kind::wait_durable);
    client.be_overdue();
    client.take_all();
    const std::string replies = client.replies();
    CHECK(count(replies, "HTTP/1.1 503 ") == 2);
    CHECK_THAT(replies, Contains("outcome_unknown") && Contains("\"short\":true") &&
                            !Contains("secret") && !Contains("chunked"));
    CHECK(replies.find("outcome_unknown") < replies.find("\"unavailable\""));
    CHECK(live_streams == 0);
}

TEST_CASE("stream: one that fails before its first piece is refused", "[http]") {
    stream_bench bench;
    script.steps = {{answer::more, ""}, {answer::waiting, ""}, {answer::failed, ""}};
    started client{bench};
    client.receive(stream_request + short_request);
    client.take_all();
    client.change();
    client.take_all();
    const std::string replies = client.replies();
    CHECK(replies.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    CHECK(count(replies, "HTTP/1.1 ") == 2);
    CHECK_THAT(replies, Contains("\"type\":\"cut_overtaken\"") && Contains("\"code\":503") &&
                            Contains("\r\nRetry-After: 1\r\n") && Contains("\"short\":true") &&
                            !Contains("chunked") && !Contains("Connection: close"));
    CHECK(live_streams == 0);
}

TEST_CASE("stream: one that fails after a piece is ended early", "[http]") {
    stream_bench bench;
    script.steps = {{answer::more, "one "}, {answer::failed, "two "}};
    started client{bench};
    client.receive(stream_request + short_request);
    client.take_all();
    const chunked_reply reply{client.replies()};
    CHECK(reply.body == "one two early:cut_overtaken");
    CHECK_THAT(reply.rest, Contains("\"short\":true"));
}

TEST_CASE("stream: drained before its first piece, it is refused", "[http]") {
    stream_bench bench;
    script.steps = {{answer::waiting, ""}, {answer::more, "never"}};
    started client{bench};
    client.receive(stream_request);
    CHECK(client.replies().empty());
    bench.begin_drain();
    client.drain();
    const std::string reply = client.replies();
    CHECK(reply.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    CHECK_THAT(reply, Contains("about to stop") && Contains("\r\nConnection: close\r\n"));
    CHECK(client.shut_down);
    CHECK(live_streams == 0);
}

TEST_CASE("stream: its head waits for what its request posted, however late it is sent", "[http]") {
    stream_bench bench{conversation_bench::durable};
    script.steps = {{answer::waiting, ""}, {answer::done, "one"}};
    script.on_open = &post_a_coin;
    started client{bench};
    client.receive(stream_request);
    CHECK(client.waits == kind::wait_change);
    client.change();
    CHECK(client.waits == kind::wait_durable);
    CHECK(client.replies().empty());
    SECTION("until that is durable") {
        bench.make_durable();
        client.become_durable();
        client.take_all();
        CHECK(chunked_reply{client.replies()}.body == "one");
    }
    SECTION("or until the disk is overdue") {
        client.be_overdue();
        CHECK_THAT(client.replies(), Contains("HTTP/1.1 503 ") && Contains("outcome_unknown"));
    }
}

TEST_CASE("stream: a pull that appends nothing ends the turn", "[http]") {
    stream_bench bench;
    script.steps.assign(10, {answer::more, ""});
    script.steps.push_back({answer::done, "all"});
    started client{bench};
    client.receive(stream_request);
    CHECK(script.pulls == 1);
    for (int turn = 2; turn != 11; ++turn) {
        client.become_writable();
        CHECK(script.pulls == turn);
    }
    client.take_all();
    CHECK(chunked_reply{client.replies()}.body == "all");
}

TEST_CASE("stream: that of the accounts keeps within the limit of the output", "[http]") {
    for (const std::size_t limit : {1024, 4096, 100'000}) {
        limits allowed;
        allowed.output_bytes = limit;
        conversation_bench bench{allowed};
        for (coffer::account_number i = 0; i != 5000; ++i)
            REQUIRE(bench.engine.ledger().open(18'000'000'000'000'000'000U + i,
                                               coffer::money::from_minor(INT64_MAX)));
        const std::size_t room = bench.context.output.capacity();
        started client{bench};
        client.receive(get("/accounts/10001/balance") +
                       get("/accounts", "Accept: application/x-ndjson\r\n"));
        for (int turns = 0; client.waits == kind::wait_writable; ++turns) {
            REQUIRE(turns < 100'000);
            client.become_writable();
        }
        CAPTURE(limit, client.largest_write);
        CHECK(client.largest_write <= limit);
        CHECK(bench.context.output.capacity() == room);
        const std::string replies = client.replies();
        const std::string body =
            chunked_reply{replies.substr(replies.find("HTTP/1.1 200", 1))}.body;
        CHECK(count(body, "account_number") == 5010);
        CHECK_THAT(body, Contains("\"complete\":true"));
    }
}

TEST_CASE("stream: a page whose disk hangs is refused by its status line too", "[http]") {
    conversation_bench bench{conversation_bench::durable, {}, coffer::api::product_table, 20ms};
    started other{bench};
    other.receive(post("/accounts/10001/deposit", R"({"amount":1})"));
    bench.context.session.teller.announce();
    started client{bench};
    client.receive(get("/accounts"));
    for (int i = 0; client.waits != kind::read; ++i) {
        REQUIRE(i < 10'000);
        std::this_thread::sleep_for(1ms);
        bench.context.session.teller.check_disk();
        if (client.waits == kind::wait_change)
            client.change();
        else
            client.become_writable();
    }
    const std::string reply = client.replies();
    CHECK(reply.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    CHECK_THAT(reply, Contains("\"code\":503") && Contains("the disk does not answer"));
}

TEST_CASE("stream: a piece that shows nothing is kept though an earlier reply is overdue",
          "[http]") {
    stream_bench bench{conversation_bench::durable};
    script.steps = {{answer::more, "one "}, {answer::done, "two"}};
    started client{bench};
    client.receive(post("/deposit", "") + stream_request);
    client.be_overdue();
    client.take_all();
    const std::string replies = client.replies();
    CHECK(count(replies, "HTTP/1.1 503 ") == 1);
    CHECK(chunked_reply{replies.substr(replies.find("HTTP/1.1 200"))}.body == "one two");
}

TEST_CASE("stream: drained, it ends early and in order, whatever it waits for", "[http]") {
    stream_bench bench;
    std::size_t wait = 0;
    started client{bench};
    SECTION("for its turn") {
        script.steps = {{answer::more, std::string(100'000, 'x')}, {answer::more, "never"}};
        client.receive(stream_request);
        CHECK(client.waits == kind::wait_writable);
        wait = 100'000;
    }
    SECTION("for a change") {
        script.steps = {{answer::waiting, "xx"}, {answer::more, "never"}};
        client.receive(stream_request);
        CHECK(client.waits == kind::wait_change);
        wait = 2;
    }
    SECTION("for the client") {
        script.steps = {{answer::more, "xx"}, {answer::more, std::string(100'000, 'x')}};
        client.takes = 10;
        client.receive(stream_request);
        client.takes = SIZE_MAX;
        wait = 100'002;
    }
    bench.begin_drain();
    client.drain();
    client.take_all();
    CHECK(client.waits == kind::close);
    const chunked_reply reply{client.replies()};
    CHECK(reply.body == std::string(wait, 'x') + "early:unavailable");
    CHECK(live_streams == 0);
}
