// What a conversation counts, measures and logs of its replies.
#include <sstream>
#include <string>

#include "catch.hpp"
#include "http/conversation_driver.hpp"
#include "ops/log.hpp"

using namespace coffer::http;
using namespace std::chrono_literals;
using coffer::test::Contains;

namespace {

std::chrono::steady_clock::time_point time_now{};

/// Each look takes some time: so what is measured is known.
std::chrono::steady_clock::time_point slow_clock() {
    return time_now += 1ms;
}

const std::string deposit = post("/accounts/10001/deposit", R"({"amount":1})");
const std::string timed =
    post("/accounts/10001/deposit", R"({"amount":1})", "X-Server-Timing: 1\r\n");

std::uint64_t count_of(const conversation_bench& bench, std::string_view path, int status) {
    std::uint64_t all = 0;
    const request_figures& counted = bench.context.session.figures;
    for (std::size_t route = 0; route <= bench.routes.routes().size(); ++route)
        if (bench.routes.path_of(route) == path)
            all += counted.requests[route][place_of_status(status)].value();
    return all;
}

std::uint64_t measured(const coffer::latency_tally& in) {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i != coffer::latency_tally::buckets; ++i)
        all += in.count_in(i);
    return all;
}

/// The log, in JSON, while it exists.
struct json_log {
    json_log() { coffer::log::send_to(lines, coffer::log::format::json); }
    ~json_log() { coffer::log::start(); }
    std::ostringstream lines;
};

}  // namespace

TEST_CASE("conversation: counts each reply by its route and status", "[http]") {
    conversation_bench bench;
    conversation_driver client{bench};
    client.start();
    client.receive(get("/accounts/10001/balance") + get("/accounts/7/balance") + get("/nowhere") +
                   "BREW / HTTP/1.1\r\n\r\n");
    CHECK(count_of(bench, "/accounts/{account}/balance", 200) == 1);
    CHECK(count_of(bench, "/accounts/{account}/balance", 404) == 1);
    CHECK(count_of(bench, "other", 404) == 1);
    CHECK(count_of(bench, "other", 400) + count_of(bench, "other", 501) == 1);
    CHECK(measured(bench.context.session.figures.in_all) == 4);
    CHECK(measured(bench.context.session.figures.disk) == 0);
}

TEST_CASE("conversation: counts a reply that waits for the disk once it is sent", "[http]") {
    conversation_bench bench{conversation_bench::durable};
    conversation_driver client{bench};
    client.start();
    client.receive(deposit + get("/nowhere"));
    CHECK(count_of(bench, "/accounts/{account}/deposit", 200) == 0);
    CHECK(measured(bench.context.session.figures.in_all) == 0);
    bench.make_durable();
    client.become_durable();
    CHECK(count_of(bench, "/accounts/{account}/deposit", 200) == 1);
    CHECK(measured(bench.context.session.figures.in_all) == 2);
    CHECK(measured(bench.context.session.figures.disk) == 2);
}

TEST_CASE("conversation: counts what is sent in place of a reply when the disk hangs", "[http]") {
    conversation_bench bench{conversation_bench::durable};
    conversation_driver client{bench};
    client.start();
    client.receive(post("/accounts/10001/deposit", R"({"amount":1})", "X-Request-Id: kept\r\n"));
    client.be_overdue();
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 503 ") && Contains("X-Request-Id: kept\r\n"));
    CHECK(count_of(bench, "/accounts/{account}/deposit", 200) == 0);
    CHECK(count_of(bench, "/accounts/{account}/deposit", 503) == 1);
    const auto why = static_cast<std::size_t>(coffer::api::problem::outcome_unknown);
    CHECK(bench.context.session.figures.refusals[why].value() == 1);
}

TEST_CASE("conversation: tells a client that asks for it how long its request took", "[http]") {
    conversation_bench bench{conversation_bench::durable};
    bench.context.clock = &slow_clock;
    conversation_driver client{bench};
    client.start();
    client.receive(deposit + timed);
    time_now += 250ms;
    bench.make_durable();
    client.become_durable();
    const std::string replies = client.replies();
    CHECK(count(replies, "Server-Timing") == 1);
    CHECK_THAT(replies, Contains("ledger;dur=1.000, disk;dur=251.000\r\n"));

    client.receive(get("/readyz", "X-Server-Timing: 1\r\n"));
    CHECK_THAT(client.replies(), Contains("ledger;dur=2.000") && Contains("disk;dur=0.000"));
    client.receive(get("/readyz"));
    CHECK_THAT(client.replies(), !Contains("Server-Timing"));
}

TEST_CASE("conversation: logs one of so many requests, with nothing of its target but the path",
          "[http]") {
    const json_log log;
    conversation_bench bench;
    bench.context.session.log_every = 2;
    conversation_driver client{bench};
    client.start();
    client.receive(get("/idempotency-keys/secret?x=secret", "X-Request-Id: \"a\\\r\n") +
                   get("/readyz") + get("/secret") + get("/readyz"));
    const std::string lines = log.lines.str();
    CHECK(count(lines, "\n") == 2);
    CHECK_THAT(lines, !Contains("secret"));
    CHECK_THAT(lines, Contains(R"({"level":"info","event":"request","id":"\"a\\","method":"GET",)"
                               R"("path":"/idempotency-keys/{key}","status":404,"bytes":)"));
    CHECK_THAT(lines, Contains(R"("path":"other","status":404)"));
}

TEST_CASE("conversation: logs the refusal that is sent in place of a reply", "[http]") {
    const json_log log;
    conversation_bench bench{conversation_bench::durable};
    bench.context.session.log_every = 1;
    conversation_driver client{bench};
    client.start();
    client.receive(deposit);
    CHECK(log.lines.str().empty());
    client.be_overdue();
    const std::string reply = client.replies();
    CHECK_THAT(log.lines.str(),
               Contains(R"("path":"/accounts/{account}/deposit","status":503,"bytes":)" +
                        std::to_string(reply.size()) + ","));
}

TEST_CASE("conversation: counts a stream as long as it is open", "[http]") {
    conversation_bench bench;
    conversation_driver client{bench};
    client.takes = 10;
    client.start();
    client.receive(get("/accounts", "Accept: application/x-ndjson\r\n"));
    CHECK(bench.context.session.figures.streams.value() <= 1);
    CHECK(count_of(bench, "/accounts", 200) == 1);
    client.takes = SIZE_MAX;
    while (client.waits == conversation_driver::kind::wait_writable)
        client.become_writable();
    client.receive(get("/readyz"));
    CHECK(bench.context.session.figures.streams.value() == 0);
    CHECK(count_of(bench, "/accounts", 200) == 1);
}
