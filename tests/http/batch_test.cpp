// POST /batch from bytes to replies, without a socket.
#include <string>
#include <string_view>

#include "catch.hpp"
#include "http/batch_client.hpp"

using namespace coffer::http;
using coffer::test::Contains;
using kind = conversation::action::kind;

TEST_CASE("batch: the results are the same however the bytes arrive", "[http]") {
    const std::string body = deposit + "\n\r\n\n" + R"({"operation":"lend"})" + "\r\n" + deposit;
    const std::string due = posted(1001) +
                            "{\"success\":false,\"error\":{\"type\":\"invalid_operation\","
                            "\"message\":\"there is no such operation\"},\"code\":400}\n" +
                            posted(1002);
    for (const std::string& request : {with_length(body), chunked(body)}) {
        const std::string bytes = request + next_request;
        for (std::size_t at = 1; at <= bytes.size(); ++at) {
            conversation_bench bench;
            batch_client client{bench};
            client.receive(bytes.substr(0, at));
            client.go_on();
            if (at != bytes.size())
                client.receive(bytes.substr(at));
            client.go_on();
            std::string replies = client.replies();
            CAPTURE(at, replies);
            REQUIRE(take_results(replies) == due);
            REQUIRE_THAT(replies, Contains("\"account_number\":\"10002\""));
            REQUIRE(client.waits == kind::read);
            REQUIRE(bench.balance_minor(10001) == 100'200);
        }
    }
}

TEST_CASE("batch: without lines it has no result", "[http]") {
    conversation_bench bench;
    batch_client client{bench};
    client.receive(with_length("") + with_length("\n\r\n\n"));
    client.go_on();
    std::string replies = client.replies();
    CHECK(take_results(replies).empty());
    CHECK(take_results(replies).empty());
    CHECK(replies.empty());
}

TEST_CASE("batch: in HTTP/1.0 the results have their length too", "[http]") {
    conversation_bench bench;
    batch_client client{bench};
    const std::string lines = deposit + "\n" + deposit + "\n";
    client.receive(with_length(lines, "1.0"));
    client.go_on();
    std::string replies = client.replies();
    CHECK_THAT(replies, Contains("Connection: close"));
    CHECK(take_results(replies) == posted(1001) + posted(1002));
    CHECK(client.shut_down);
    batch_client other{bench};
    std::string request = with_length(lines, "1.0");
    request.insert(request.find("Host"), "Connection: keep-alive\r\n");
    other.receive(request);
    other.go_on();
    replies = other.replies();
    CHECK_THAT(replies, Contains("Connection: keep-alive"));
    CHECK(take_results(replies) == posted(1003) + posted(1004));
    CHECK(other.waits == kind::read);
    CHECK_FALSE(other.shut_down);
}

TEST_CASE("batch: a large one is taken in turns and sent in pieces", "[http]") {
    limits allowed;
    allowed.body_bytes = 64;  // other bodies' limit
    for (const bool in_chunks : {false, true}) {
        conversation_bench bench{allowed};
        batch_client client{bench};
        const std::string body = times(5000, deposit + "\n");
        const std::string request = in_chunks ? chunked(body) : with_length(body);
        std::size_t most = 0;
        for (std::size_t at = 0; at < request.size(); at += read_bytes) {
            client.receive(request.substr(at, read_bytes));
            if (at == 0)  // others have their turn
                CHECK(bench.balance_minor(10001) == 100'000 + 256 * 100);
            client.go_on();
            most = std::max(most, bench.common.buffered.bytes());
        }
        std::string replies = client.replies();
        std::string due;
        for (int i = 1; i <= 5000; ++i)
            due += posted(1000 + i);
        CHECK(take_results(replies) == due);
        CHECK(replies.empty());
        CHECK(client.largest_write <= allowed.output_bytes);
        CHECK(most >= due.size() * 9 / 10);  // the results were counted, and are freed
        CHECK(bench.common.buffered.bytes() == 0);
    }
}

TEST_CASE("batch: what is sent of the results is not buffered any more", "[http]") {
    conversation_bench bench;
    batch_client client{bench};
    client.takes = 100'000;
    const std::string request = with_length(times(5000, deposit + "\n"));
    for (std::size_t at = 0; at < request.size(); at += read_bytes) {
        client.receive(request.substr(at, read_bytes));
        while (client.waits == kind::wait_writable && client.takes != 0)
            client.become_writable();
    }
    CHECK(client.waits == kind::wait_writable);
    const std::size_t before = bench.common.buffered.bytes();
    REQUIRE(before > 300'000);
    client.takes = 200'000;
    while (client.takes != 0)
        client.become_writable();
    CHECK(bench.common.buffered.bytes() < before - 100'000);
    client.takes = SIZE_MAX;
    client.go_on();
    CHECK(bench.common.buffered.bytes() == 0);
}

TEST_CASE("batch: refusals of the head read no line", "[http]") {
    struct wrong_head {
        std::string fields;
        std::string due;
    };
    const std::string ndjson = "Content-Type: application/x-ndjson\r\n";
    for (const wrong_head& one : {
             wrong_head{ndjson + "Idempotency-Key: k\r\n", "invalid_idempotency_key"},
             wrong_head{ndjson + "Idempotency-Key:\r\n", "invalid_idempotency_key"},
             wrong_head{ndjson + "If-Match: \"1\"\r\n", "\"parameter\":\"If-Match\""},
             wrong_head{"Content-Type: application/json\r\n", "unsupported_media_type"},
             wrong_head{ndjson + "Content-Encoding: gzip\r\n", "unsupported_media_type"},
         }) {
        conversation_bench bench;
        batch_client client{bench};
        client.receive("POST /batch HTTP/1.1\r\nHost: x\r\n" + one.fields +
                       "Content-Length: 100\r\n\r\n" + deposit + "\n");
        CHECK_THAT(client.replies(), Contains(one.due) && Contains("Connection: close"));
        CHECK(client.shut_down);
        CHECK(bench.balance_minor(10001) == 100'000);
    }
    conversation_bench bench;
    batch_client client{bench};
    client.receive(get("/batch") + "HEAD /batch HTTP/1.1\r\nHost: x\r\n\r\n" + next_request);
    const std::string replies = client.replies();
    CHECK(count(replies, "HTTP/1.1 405 ") == 2);
    CHECK(count(replies, "Allow: POST, OPTIONS\r\n") == 2);
    CHECK_THAT(replies, Contains("10002"));
}

TEST_CASE("batch: a refusal is problem+json where that is wanted, but never that of a line",
          "[http]") {
    conversation_bench bench;
    batch_client client{bench};
    const std::string wanted = "\r\nAccept: application/problem+json";
    client.receive(batch_head("Content-Length: 4" + wanted) + "{}\n\n");
    client.go_on();
    std::string replies = client.replies();
    CHECK_THAT(take_results(replies), Contains("{\"success\":false,") && Contains("400}\n"));
    client.receive(batch_head("Content-Length: 4\r\nIdempotency-Key: k" + wanted));
    CHECK_THAT(client.replies(), Contains("Content-Type: application/problem+json") &&
                                     Contains("urn:coffer:problem:invalid_idempotency_key"));
}

TEST_CASE("batch: a client that waits to send is asked for the body", "[http]") {
    conversation_bench bench;
    batch_client client{bench};
    client.receive(batch_head("Content-Length: 62\r\nExpect: 100-continue"));
    CHECK(client.replies() == "HTTP/1.1 100 Continue\r\n\r\n");
    client.receive(deposit + "\n");
    client.go_on();
    std::string replies = client.replies();
    CHECK(take_results(replies) == posted(1001));
}

TEST_CASE("batch: no result is sent before all of them are durable", "[http]") {
    conversation_bench bench{conversation_bench::durable};
    batch_client client{bench};
    const std::string keyed =
        R"({"operation":"withdraw","account_number":"10001","amount":1,"key":"k"})";
    // The second has the key of the first, which is not durable: it is as with single requests.
    client.receive(with_length(keyed + "\n" + keyed + "\n" + times(300, deposit + "\n")));
    while (client.waits == kind::wait_writable)
        client.become_writable();
    CHECK(client.waits == kind::wait_durable);
    CHECK(client.replies().empty());
    SECTION("once they are, they are sent") {
        bench.make_durable();
        client.become_durable();
        client.go_on();
        std::string replies = client.replies();
        const std::string results = take_results(replies);
        CHECK(results.starts_with(posted(999) + "{\"success\":false,\"error\":{\"type\":"
                                                "\"request_in_progress\","));
        CHECK(results.ends_with(posted(1299)));
        CHECK(count(results, "\n") == 302);
        bench.engine.teller_at(0).note_durable_keys();
        client.receive(with_length(keyed + "\n"));
        client.go_on();
        if (client.waits == kind::wait_durable) {
            bench.make_durable();
            client.become_durable();
            client.go_on();
        }
        replies = client.replies();
        CHECK(take_results(replies) == posted(999));  // replayed
    }
    SECTION("if the disk does not answer in time, none is") {
        client.be_overdue();
        client.go_on();
        const std::string reply = client.replies();
        CHECK_THAT(reply, Contains("HTTP/1.1 503 ") && Contains("outcome_unknown") &&
                              !Contains("new_balance"));
        CHECK(count(reply, "HTTP/1.1 ") == 1);
        CHECK(client.waits == kind::read);
    }
    CHECK(bench.balance_minor(10001) == 129'900);
}

TEST_CASE("batch: one that waits for room in the lane goes on when there is room", "[http]") {
    conversation_bench bench{conversation_bench::durable};
    batch_client client{bench};
    constexpr int lines = 20'000;
    const std::string body = times(lines / 2, deposit + "\n");
    const std::string bytes = with_length(body) + with_length(body);
    bool was_full = false;
    std::string replies;
    for (std::size_t at = 0; at < bytes.size();) {
        if (client.waits == kind::read) {
            client.receive(bytes.substr(at, read_bytes));
            at += read_bytes;
        }
        for (int turns = 0; client.waits != kind::read; ++turns) {
            REQUIRE(turns < 10'000);
            if (client.waits == kind::wait_writable) {
                client.become_writable();
                continue;
            }
            was_full = was_full || client.replies().empty();
            bench.make_durable();
            client.become_durable();
        }
    }
    CHECK(was_full);
    CHECK(bench.balance_minor(10001) == 100'000 + 100 * lines);
}

TEST_CASE("batch: results that are made are sent, also while the server stops", "[http]") {
    conversation_bench bench;
    batch_client client{bench};
    client.takes = 1000;
    client.receive(with_length(times(3000, deposit + "\n")));
    while (client.waits == kind::wait_writable && client.takes != 0)
        client.become_writable();
    CHECK(bench.common.buffered.bytes() > 200'000);
    bench.begin_drain();
    client.takes = SIZE_MAX;
    client.drain();
    client.go_on();
    std::string replies = client.replies();
    const std::string results = take_results(replies);
    CHECK(count(results, "\n") == 3000);
    CHECK(results.ends_with(posted(4000)));
}

TEST_CASE("batch: what was done before the client went away stays done", "[http]") {
    conversation_bench bench;
    {
        batch_client client{bench};
        client.receive(batch_head("Content-Length: 1000") + deposit + "\n" + deposit);
        CHECK(client.talk.on_end_of_file().what == kind::close);
    }
    CHECK(bench.balance_minor(10001) == 100'100);
    CHECK(bench.common.buffered.bytes() == 0);
}
