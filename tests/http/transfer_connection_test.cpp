// Streams and bodies line by line over real sockets: what a conversation alone cannot show.
#include <new>
#include <string>
#include <thread>

#include "catch.hpp"
#include "engine/held_log.hpp"
#include "http/running_worker.hpp"
#include "http/scripted_transfers.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;
using answer = coffer::api::body_stream::state;

namespace {

/// Serves the scripted routes, with a journal that is durable when the test lets it.
class transfer_server {
public:
    transfer_server() {
        script = {};
        server.engine().open(coffer::initial_accounts::sample().open_in_memory(),
                             coffer::test::log_behind(held), {});
    }
    ~transfer_server() {
        held.open();
        server.stop();
        static_cast<void>(server.engine().close());
    }
    /// After the script is written.
    void begin() { server.begin(); }
    [[nodiscard]] std::uint16_t port() const { return server.port(); }

    coffer::test::gate held;
    running_worker server{running_worker::later, scripted_table};
};

const std::string last_stream = get("/stream", "Connection: close\r\n");

std::string body_of(const std::string& reply) {
    std::string_view rest{reply};
    rest.remove_prefix(rest.find("\r\n\r\n") + 4);
    return take_chunks(rest);
}

}  // namespace

TEST_CASE("connection: a stream arrives whole at a slow client, and others are served meanwhile",
          "[http]") {
    transfer_server bank;
    constexpr int pieces = 2000;  // more than the sockets' buffers hold
    for (int i = 0; i != pieces; ++i)
        script.steps.push_back(
            {answer::more, std::string(10'000, static_cast<char>('a' + i % 26))});
    bank.begin();
    client slow{bank.port()};
    client other{bank.port()};
    slow.send(last_stream);
    for (int i = 0; i != 50; ++i) {
        other.send(get("/short"));
        CHECK_THAT(other.read_some(), Contains("\"short\":true"));
    }
    CHECK(live_streams == 1);
    CHECK(bank.server.common().buffered.bytes() < 1'000'000);
    const std::string body = body_of(slow.read_all());
    CHECK(body.size() == pieces * 10'000);
    CHECK(body.ends_with(std::string(10'000, 'a' + (pieces - 1) % 26)));
    wait_until([] { return live_streams == 0; });
}

TEST_CASE("connection: a client that leaves destroys its stream, whether it sends or waits",
          "[http]") {
    transfer_server bank;
    SECTION("while it sends") {
        script.is_endless = true;
    }
    SECTION("while it waits") {
        script.steps = {{answer::waiting, "one"}};
        for (int i = 0; i != 1000; ++i)
            script.steps.push_back({answer::waiting, ""});
    }
    bank.begin();
    client one{bank.port()};
    one.send(last_stream);
    wait_until([] { return live_streams == 1; });
    one.read_some();
    one.reset();
    wait_until([] { return live_streams == 0; });
}

TEST_CASE("connection: a client that closes in order ends a stream that has no end", "[http]") {
    transfer_server bank;
    script.ends_with_client = true;
    script.steps = {{answer::following, "one"}};
    for (int i = 0; i != 1000; ++i)
        script.steps.push_back({answer::following, ""});
    bank.begin();
    client one{bank.port()};
    one.send(last_stream);
    one.read_some();
    SECTION("with all that it sent taken") {}
    SECTION("with more that it sent before") {
        one.send(get("/short"));
    }
    one.shut_down_sending();
    wait_until([] { return live_streams == 0; });
}

TEST_CASE("connection: a client that has ended its sending gets a stream that has an end",
          "[http]") {
    transfer_server bank;
    script.steps = {{answer::following, "one "}, {answer::following, ""}, {answer::done, "two"}};
    bank.begin();
    client one{bank.port()};
    one.send(last_stream);
    one.shut_down_sending();
    CHECK(body_of(one.read_all()) == "one two");
}

TEST_CASE("connection: a stream without memory for a piece is cut, not ended in order", "[http]") {
    transfer_server bank;
    script.steps = {{answer::waiting, "one "},
                    {answer::more, "", [](coffer::teller&) { throw std::bad_alloc{}; }}};
    bank.begin();
    client one{bank.port()};
    one.send(last_stream);
    const std::string reply = one.read_all();
    CHECK_THAT(reply, Contains("one \r\n"));
    CHECK(body_of(reply).empty());
    CHECK(reply.ends_with("one \r\n"));
}

TEST_CASE("connection: a stream that waits goes on at the next tick", "[http]") {
    transfer_server bank;
    script.steps = {{answer::waiting, "one "}, {answer::waiting, ""}, {answer::done, "two"}};
    bank.begin();
    client one{bank.port()};
    one.send(last_stream);
    CHECK(body_of(one.read_all()) == "one two");
}

TEST_CASE("connection: a stream that waits goes on when another's posting is durable", "[http]") {
    transfer_server bank;
    bank.held.open();
    script.steps = {{answer::waiting, "one "}};
    for (int i = 0; i != 50; ++i)  // more ticks than the test may take
        script.steps.push_back({answer::waiting, ""});
    bank.begin();
    client one{bank.port()};
    one.send(get("/stream"));
    one.read_some();
    client other{bank.port()};
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i != 51; ++i) {
        other.send(post("/deposit", ""));
        CHECK_THAT(other.read_some(), Contains("new_balance"));
    }
    wait_until([] { return live_streams == 0; });
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{20});
}

TEST_CASE("connection: drained, streams end early and in order", "[http]") {
    transfer_server bank;
    script.steps = {{answer::waiting, "one "}};
    for (int i = 0; i != 1000; ++i)
        script.steps.push_back({answer::waiting, ""});
    bank.begin();
    client one{bank.port()};
    one.send(get("/stream"));
    std::string reply = one.read_some();
    bank.server.drain();
    reply += one.read_all();
    CHECK(body_of(reply) == "one early:unavailable");
    wait_until([] { return live_streams == 0; });
}

TEST_CASE("connection: a body of lines that waits for the disk is taken to its end", "[http]") {
    transfer_server bank;
    script.take = [](coffer::teller& teller, std::string_view) {
        const auto made = teller.deposit(10001, coffer::money::from_minor(100), {});
        return made.service == coffer::service::done ? coffer::api::line_sink::state::taken
                                                     : coffer::api::line_sink::state::waiting;
    };
    bank.begin();
    constexpr int lines = 50'000;  // more than a lane holds
    std::string body;
    for (int i = 0; i != lines; ++i)
        body += "{}\n";
    client one{bank.port()};
    std::thread sender{[&] {
        one.send(
            "POST /lines HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
            "Content-Length: " +
            std::to_string(body.size()) + "\r\n\r\n");
        one.send(body);
    }};
    // The lane fills before anything is durable.
    wait_until([&] { return bank.server.balance_minor(10001) > 100'000 + 100 * 10'000; });
    CHECK_FALSE(one.is_readable_within(std::chrono::milliseconds{20}));
    bank.held.open();
    CHECK_THAT(one.read_some(), Contains("\"ended\":true"));
    sender.join();
    CHECK(bank.server.balance_minor(10001) == 100'000 + 100 * lines);
}
