#include "http/conversation.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "catch.hpp"
#include "http/conversation_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;
using kind = conversation::action::kind;

namespace {

const std::string deposit = post("/accounts/10001/deposit", R"({"amount":1})");
const std::string balance = get("/accounts/10001/balance");

std::string times(int number, const std::string& text) {
    std::string all;
    for (int i = 0; i != number; ++i)
        all += text;
    return all;
}

struct started : conversation_driver {
    explicit started(conversation_bench& bench) : conversation_driver{bench} { start(); }
};

}  // namespace

TEST_CASE("conversation: holds a reply until what it reports is durable", "[http]") {
    conversation_bench bench{conversation_bench::durable};
    started client{bench};
    started reader{bench};
    client.receive(deposit);
    CHECK(client.waits == kind::wait_durable);
    reader.receive(balance);  // shows the same posting
    CHECK(reader.waits == kind::wait_durable);
    started other{bench};
    other.receive(get("/accounts/10002/balance"));
    CHECK_THAT(other.replies(), Contains("2000.0"));
    CHECK(client.replies().empty());
    CHECK(reader.replies().empty());
    bench.make_durable();
    client.become_durable();
    reader.become_durable();
    CHECK_THAT(client.replies(), Contains("1001.0"));
    CHECK_THAT(reader.replies(), Contains("1001.0"));
    CHECK(client.waits == kind::read);
}

TEST_CASE("conversation: holds a 412 until the posting that it was refused by is durable",
          "[http]") {
    for (const std::string key : {"", "Idempotency-Key: k\r\n"}) {
        conversation_bench bench{conversation_bench::durable};
        started client{bench};
        started late{bench};
        client.receive(deposit);
        late.receive(
            post("/accounts/10001/deposit", R"({"amount":1})", key + "If-Match: \"1\"\r\n"));
        CHECK(late.waits == kind::wait_durable);
        CHECK(late.replies().empty());
        started other{bench};
        other.receive(
            post("/accounts/10002/deposit", R"({"amount":1})", key + "If-Match: \"9\"\r\n"));
        CHECK_THAT(other.replies(), Contains("sequence_mismatch"));
        bench.make_durable();
        late.become_durable();
        CHECK_THAT(late.replies(), Contains("sequence_mismatch"));
    }
}

TEST_CASE("conversation: a client that waits for the disk has no deadline", "[http]") {
    conversation_bench bench{conversation_bench::durable};
    started client{bench};
    client.receive(deposit);
    client.pass(1000);
    CHECK(client.waits == kind::wait_durable);
    bench.make_durable();
    client.become_durable();
    CHECK_THAT(client.replies(), Contains("1001.0"));
    client.pass(default_limits.idle_timeout.count());
    CHECK(client.waits == kind::read);
    client.pass(1);
    CHECK(client.waits == kind::close);
}

namespace {

/// Has clients post until the last one's next request finds no room in the lane.
class full_lane {
public:
    explicit full_lane(conversation_bench& bench) {
        do {
            clients_.push_back(std::make_unique<started>(bench));
            clients_.back()->receive(times(100, deposit));
            sent_ += 100;
        } while (bench.balance_minor(10001) == 100'000 + 100 * sent_);
    }
    void go_on() {
        for (auto& one : clients_)
            one->become_durable();
    }
    [[nodiscard]] std::size_t answered() {
        std::size_t all = 0;
        for (auto& one : clients_)
            all += count(one->replies(), "HTTP/1.1 200 OK\r\n");
        return all;
    }
    [[nodiscard]] std::int64_t sent() const { return sent_; }
    [[nodiscard]] started& last() { return *clients_.back(); }

private:
    std::vector<std::unique_ptr<started>> clients_;
    std::int64_t sent_ = 0;
};

}  // namespace

TEST_CASE("conversation: a request that finds no room in the lane waits, and is not lost",
          "[http]") {
    conversation_bench bench{conversation_bench::durable};
    full_lane full{bench};
    started parked{bench};
    parked.receive(deposit);
    CHECK(parked.waits == kind::wait_durable);
    started other{bench};
    other.receive(get("/accounts/10002/balance") + get("/nowhere"));
    CHECK_THAT(other.replies(), Contains("2000.0") && Contains("no_such_route"));
    bench.make_durable();
    full.go_on();
    std::size_t answered = full.answered();
    full.last().become_writable();  // these two post now, and their replies wait in turn
    parked.become_durable();
    for (started* const one : {&full.last(), &parked}) {
        CHECK(one->waits == kind::wait_durable);
        CHECK(one->replies().empty());
    }
    bench.make_durable();
    full.last().become_durable();
    parked.become_durable();
    CHECK_THAT(parked.replies(), Contains("new_balance"));
    answered += full.answered();
    CHECK(answered == static_cast<std::size_t>(full.sent()));
    CHECK(bench.balance_minor(10001) == 100'000 + 100 * (full.sent() + 1));
}

TEST_CASE("conversation: a request that waits for room too long is refused, and the next is not",
          "[http]") {
    conversation_bench bench{conversation_bench::durable};
    full_lane full{bench};
    started parked{bench};
    parked.receive(deposit);
    parked.be_overdue();
    CHECK_THAT(parked.replies(), Contains("503 ") && Contains("\"unavailable\""));
    CHECK(parked.waits == kind::read);
    parked.receive(deposit);
    CHECK(parked.waits == kind::wait_durable);  // it waits again
    CHECK(parked.replies().empty());
}

TEST_CASE("conversation: replies that are overdue are replaced, each in its place", "[http]") {
    conversation_bench bench{conversation_bench::durable};
    started client{bench};
    client.receive(get("/nowhere") + deposit + balance +
                   post("/accounts/10001/withdraw", R"({"amount":99999})") +
                   post("/accounts/10001/deposit", R"({"amount":1})", "Connection: close\r\n"));
    client.be_overdue();
    const std::string instead = client.replies();
    CHECK(count(instead, "HTTP/1.1 ") == 5);
    CHECK(count(instead, "HTTP/1.1 503 ") == 4);
    CHECK(count(instead, "outcome_unknown") == 2);  // the deposits
    CHECK(count(instead, "\"unavailable\"") == 2);  // a balance, and a refusal that shows one
    CHECK(count(instead, "Retry-After: 1\r\n") == 4);
    CHECK(count(instead, "1001.0") == 0);
    CHECK(instead.find("no_such_route") < instead.find("outcome_unknown"));
    CHECK(instead.find("outcome_unknown") < instead.find("\"unavailable\""));
    CHECK(instead.rfind("\"unavailable\"") < instead.rfind("outcome_unknown"));
    CHECK(count(instead, "Connection: close\r\n") == 1);
    CHECK(instead.find("Connection: close\r\n") < instead.rfind("outcome_unknown"));
    CHECK(client.shut_down);
    CHECK(bench.balance_minor(10001) == 100'200);  // what was posted stays posted
}

TEST_CASE("conversation: an overdue reply to HEAD has no body, and HTTP/1.0 stays open as it was",
          "[http]") {
    conversation_bench bench{conversation_bench::durable};
    started client{bench};
    client.receive(deposit + "HEAD /accounts/10001/balance HTTP/1.1\r\nHost: x\r\n\r\n" +
                   "GET /accounts/10001/balance HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    client.be_overdue();
    const std::string instead = client.replies();
    CHECK(count(instead, "HTTP/1.1 503 ") == 3);
    CHECK(count(instead, "{\"success\":false") == 2);
    CHECK(count(instead, "Connection: keep-alive\r\n") == 1);
    CHECK(client.waits == kind::read);
}

TEST_CASE("conversation: what no crash takes back is sent as it is, though others are overdue",
          "[http]") {
    const std::string safe = post("/accounts/10001/deposit", R"({"amount":-1})") +
                             post("/accounts/x/deposit", R"({"amount":1})") + get("/readyz") +
                             get("/nowhere") + "OPTIONS /readyz HTTP/1.1\r\nHost: x\r\n\r\n" +
                             "HEAD /readyz HTTP/1.1\r\nHost: x\r\n\r\n";
    conversation_bench bench{conversation_bench::durable};
    started client{bench};
    client.receive(safe);
    const std::string replies = client.replies();
    CHECK(count(replies, "HTTP/1.1 ") == 6);
    client.receive(deposit + safe + get("/metrics"));
    CHECK(client.waits == kind::wait_durable);
    client.be_overdue();
    const std::string again = client.replies();
    CHECK(count(again, "HTTP/1.1 503 ") == 1);
    CHECK_THAT(again, Contains(replies) && Contains("coffer_journal_accepts"));
}

TEST_CASE("conversation: a reply that is replayed is durable, and not replaced", "[http]") {
    conversation_bench bench{conversation_bench::durable};
    const std::string keyed =
        post("/accounts/10001/deposit", R"({"amount":1})", "Idempotency-Key: a\r\n");
    started client{bench};
    client.receive(keyed);
    bench.make_durable();
    client.become_durable();
    bench.context.session.teller.note_durable_keys();
    client.replies();
    bench.held.shut();
    client.receive(keyed + post("/accounts/10002/deposit", R"({"amount":1})"));
    client.be_overdue();
    const std::string replies = client.replies();
    CHECK_THAT(replies, Contains("Idempotent-Replayed: true") && Contains("1001.0"));
    CHECK(count(replies, "503 ") == 1);
}
