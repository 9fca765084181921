// The limits of POST /batch, without a socket.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "http/batch_client.hpp"

using namespace coffer::http;
using coffer::test::Contains;

TEST_CASE("batch: the line after the last allowed one is refused, and the connection closes",
          "[http]") {
    limits allowed;
    allowed.batch_lines = 3;
    const std::string lines = times(3, deposit + "\n\n\r\n");
    for (const bool in_chunks : {false, true}) {
        conversation_bench bench{allowed};
        batch_client client{bench};
        const auto make = [in_chunks](const std::string& body) {
            return in_chunks ? chunked(body) : with_length(body);
        };
        client.receive(make(lines));
        client.go_on();
        std::string replies = client.replies();
        CHECK(take_results(replies) == posted(1001) + posted(1002) + posted(1003));
        client.receive(make(lines + deposit + "\n" + deposit + "\n") + next_request);
        client.go_on();
        replies = client.replies();
        CHECK_THAT(replies, Contains("\r\nConnection: close\r\n"));
        CHECK(take_results(replies) == posted(1004) + posted(1005) + posted(1006) + too_large);
        CHECK(replies.empty());
        CHECK(client.shut_down);
        CHECK(bench.balance_minor(10001) == 100'600);
    }
}

TEST_CASE("batch: the rest after the last allowed line is read before the results are sent",
          "[http]") {
    limits allowed;
    allowed.batch_lines = 3;
    const bool in_chunks = GENERATE(false, true);
    const std::string body = times(100, deposit + "\n");  // less than 3 lines of 4 KiB
    const std::string request = in_chunks ? chunked(body) : with_length(body);
    conversation_bench bench{allowed};
    batch_client client{bench};
    client.receive(request.substr(0, 1000));
    SECTION("to its end") {
        for (std::size_t at = 1000; at < request.size(); at += 1000) {
            CHECK(client.replies().empty());
            client.receive(request.substr(at, 1000));
        }
    }
    SECTION("but no longer than a body may take") {
        client.pass(10);
        client.receive(request.substr(1000, 1000));
        client.pass(allowed.body_timeout.count() - 10);
        CHECK(client.replies().empty());
        client.pass(1);
    }
    SECTION("unless the server stops") {
        bench.begin_drain();
        client.drain();
    }
    client.go_on();
    std::string replies = client.replies();
    CHECK_THAT(replies, Contains("\r\nConnection: close\r\n"));
    CHECK(take_results(replies) == posted(1001) + posted(1002) + posted(1003) + too_large);
    CHECK(client.shut_down);
    CHECK(bench.balance_minor(10001) == 100'300);
}

TEST_CASE("batch: no more of the rest is read than the lines allowed can have", "[http]") {
    limits allowed;
    allowed.batch_lines = 3;
    conversation_bench bench{allowed};
    batch_client client{bench};
    const std::string request = chunked(times(1000, deposit + "\n"));
    client.receive(request.substr(0, allowed.lines_bytes(4096)));
    CHECK(client.replies().empty());
    client.receive(request.substr(allowed.lines_bytes(4096), 1000));
    client.go_on();
    std::string replies = client.replies();
    CHECK(take_results(replies) == posted(1001) + posted(1002) + posted(1003) + too_large);
    CHECK(client.shut_down);
}

TEST_CASE("batch: one that is longer than all allowed lines can be is refused whole", "[http]") {
    limits allowed;
    allowed.batch_lines = 3;
    conversation_bench bench{allowed};
    batch_client client{bench};
    client.receive(batch_head("Content-Length: " + std::to_string(allowed.lines_bytes(4096) + 1)) +
                   deposit + "\n");
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 413 ") && Contains("Connection: close"));
    CHECK(client.shut_down);
    CHECK(bench.balance_minor(10001) == 100'000);
}

TEST_CASE("batch: empty lines do not give a client more time", "[http]") {
    conversation_bench bench;
    batch_client client{bench};
    client.receive(batch_head("Content-Length: 100000") + deposit + "\n");
    for (int i = 0; i != 100 && !client.shut_down; ++i) {
        client.receive(times(300, i % 2 == 0 ? "\n" : "\r\n"));
        client.pass(1);
    }
    CHECK(bench.context.now <= default_limits.body_timeout.count() + 1);
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 503 ") && Contains("did not arrive whole"));
}

TEST_CASE("batch: a line has 4 KiB at most, and a longer one ends the batch", "[http]") {
    const std::string begin =
        R"({"operation":"deposit","account_number":"10001","amount":1,"note":")";
    const std::string longest = begin + std::string(4096 - begin.size() - 2, 'x') + "\"}";
    for (const std::string end : {"\n", "\r\n", ""}) {
        conversation_bench bench;
        batch_client client{bench};
        client.receive(with_length(longest + end));
        client.go_on();
        std::string replies = client.replies();
        CHECK(take_results(replies) == posted(1001));
        client.receive(with_length(deposit + "\n" + longest + "x" + end) + next_request);
        client.go_on();
        replies = client.replies();
        CHECK_THAT(replies, Contains("\r\nConnection: close\r\n"));
        CHECK(take_results(replies) == posted(1002) + too_large);
        CHECK(replies.empty());
        CHECK(client.shut_down);
    }
}

TEST_CASE("batch: none begins while memory is short", "[http]") {
    limits allowed;
    allowed.buffered_bytes = 0;
    conversation_bench bench{allowed};
    batch_client large{bench};
    large.receive(batch_head("Content-Length: 100000") + std::string(2000, 'x'));
    bench.common.buffered.add(1);
    batch_client client{bench};
    client.receive(with_length(deposit + "\n"));
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 503 ") && Contains("unavailable"));
    CHECK(client.shut_down);
    CHECK(bench.balance_minor(10001) == 100'000);
    bench.common.buffered.subtract(1);
}

TEST_CASE("batch: one under way ends when memory is short", "[http]") {
    const std::string unavailable =
        "{\"success\":false,\"error\":{\"type\":\"unavailable\",\"message\":\"the server cannot do "
        "this now, try again\"},\"code\":503}\n";
    for (const std::string& next : {deposit + "\n", std::string{"{"}}) {
        conversation_bench bench;
        batch_client client{bench};
        const std::string body = deposit + "\n" + deposit + "\n" + next + deposit + "\n";
        const std::string head = batch_head("Content-Length: " + std::to_string(body.size()));
        client.receive(head + deposit + "\n");
        bench.common.buffered.add(default_limits.buffered_bytes);
        client.receive("\n");
        CHECK(client.replies().empty());
        client.receive(deposit.substr(0, 5));
        client.receive(body.substr(deposit.size() + 7));
        client.go_on();
        bench.common.buffered.subtract(default_limits.buffered_bytes);
        std::string replies = client.replies();
        CHECK_THAT(replies, Contains("\r\nConnection: close\r\n"));
        CHECK(take_results(replies) == posted(1001) + unavailable);
        CHECK(bench.balance_minor(10001) == 100'100);
    }
}

TEST_CASE("batch: open ones have no more results than there is memory for", "[http]") {
    limits allowed;
    allowed.buffered_bytes = 1 << 20;
    conversation_bench bench{allowed};
    std::vector<std::unique_ptr<batch_client>> clients;
    for (int i = 0; i != 100; ++i) {
        clients.push_back(std::make_unique<batch_client>(bench));
        clients.back()->receive(batch_head("Content-Length: 1000000") + deposit + "\n");
    }
    const std::string lines = times(200, deposit + "\n");
    for (int round = 0; round != 10; ++round)
        for (const auto& client : clients) {
            client->receive(lines);
            client->go_on();
        }
    CHECK(bench.common.buffered.bytes() > allowed.buffered_bytes);
    CHECK(bench.common.buffered.bytes() < allowed.buffered_bytes + 300'000);
}
