#include "http/conversation.hpp"

#include <memory>
#include <string>
#include <vector>

#include "catch.hpp"
#include "http/conversation_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;
using kind = conversation::action::kind;
using place_kind = admission::place::kind;

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
    explicit started(conversation_bench& bench, place_kind place = place_kind::admitted)
        : conversation_driver{bench, place} {
        start();
    }
};

}  // namespace

TEST_CASE("conversation: answers what arrives and waits for more", "[http]") {
    conversation_bench bench;
    started client{bench};
    CHECK(client.waits == kind::read);
    client.receive(deposit);
    CHECK_THAT(client.replies(), Contains("1001.0"));
    client.receive(deposit.substr(0, 50));
    CHECK(client.replies().empty());
    client.receive(deposit.substr(50) + balance);
    CHECK_THAT(client.replies(), Contains("\"new_balance\":1002.0") && Contains("\"balance\":"));
    CHECK(client.waits == kind::read);
}

TEST_CASE("conversation: what the socket does not take is written later, and first", "[http]") {
    conversation_bench bench;
    started client{bench};
    client.takes = 100;
    client.receive(deposit + balance);
    CHECK(client.waits == kind::wait_writable);
    std::string replies = client.replies();
    CHECK(replies.size() == 100);
    client.takes = 50;
    client.become_writable();
    CHECK(client.waits == kind::wait_writable);
    client.takes = SIZE_MAX;
    client.become_writable();
    CHECK(client.waits == kind::read);
    replies += client.replies();
    CHECK(count(replies, "HTTP/1.1 200 OK\r\n") == 2);
    CHECK(count(replies, "1001.0") == 2);
}

TEST_CASE("conversation: lets others have their turn, however much it has been sent", "[http]") {
    limits allowed;
    allowed.requests_per_wake = 3;
    conversation_bench bench{allowed};
    started client{bench};
    client.receive(times(7, deposit));
    for (const std::size_t answered : {3, 3, 1}) {
        CHECK(count(client.replies(), "200 OK") == answered);
        if (answered == 3)
            client.become_writable();
    }
    CHECK(client.waits == kind::read);
}

TEST_CASE("conversation: short of memory, it answers one request a turn and refuses large ones",
          "[http]") {
    limits allowed;
    allowed.buffered_bytes = 8 * 1024;
    conversation_bench bench{allowed};
    started hog{bench};
    const std::string large =
        post("/accounts/10001/deposit", R"({"amount":1)" + std::string(20'000, ' ') + "}");
    hog.receive(large.substr(0, 15'000));
    REQUIRE(bench.common.buffered.exceeded());
    started other{bench};
    other.receive(large.substr(0, 10'000));
    CHECK_THAT(other.replies(), Contains("HTTP/1.1 503 "));
    started modest{bench};
    modest.receive(deposit + deposit);
    CHECK(count(modest.replies(), "200 OK") == 1);
    modest.become_writable();
    CHECK(count(modest.replies(), "200 OK") == 1);
    hog.receive(large.substr(15'000));
    CHECK_THAT(hog.replies(), Contains("200 OK"));
    CHECK(bench.common.buffered.bytes() == 0);
}

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

TEST_CASE("conversation: a request that is late is answered 408, an idle client is not", "[http]") {
    conversation_bench bench;
    started client{bench};
    client.receive("GET /acc");
    client.pass(default_limits.head_timeout.count());
    CHECK(client.waits == kind::read);
    client.pass(1);
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 408 ") && Contains("Connection: close"));
    CHECK(client.shut_down);
    CHECK(client.waits == kind::read);  // it lingers
    client.pass(default_limits.linger_timeout.count() + 1);
    CHECK(client.waits == kind::close);

    started idle{bench};
    idle.pass(default_limits.idle_timeout.count() + 1);
    CHECK(idle.waits == kind::close);
    CHECK(idle.replies().empty());
    CHECK_FALSE(idle.shut_down);
}

TEST_CASE("conversation: bytes that drip in do not move the deadline of a head", "[http]") {
    conversation_bench bench;
    started client{bench};
    client.receive("GET /");
    for (int i = 0; i != 10; ++i) {
        client.pass(1);
        client.receive("x");
    }
    client.pass(1);
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 408 "));
}

TEST_CASE("conversation: a client that takes its replies slowly is not cut off, one that stops is",
          "[http]") {
    conversation_bench bench;
    started client{bench};
    client.takes = 10;
    client.unacknowledged = 1000;
    client.receive(deposit);
    for (int i = 0; i != 5; ++i) {
        client.pass(default_limits.write_timeout.count());
        --client.unacknowledged;
        client.pass(1);
        CHECK(client.waits == kind::wait_writable);
    }
    client.pass(default_limits.write_timeout.count());
    CHECK(client.waits == kind::wait_writable);
    client.pass(1);
    CHECK(client.waits == kind::close);
}

TEST_CASE("conversation: a writable socket that takes nothing is no progress", "[http]") {
    conversation_bench bench;
    started client{bench};
    client.takes = 10;
    client.receive(deposit);
    client.pass(default_limits.write_timeout.count());
    client.become_writable();
    CHECK(client.waits == kind::wait_writable);
    client.pass(1);
    CHECK(client.waits == kind::close);
}

TEST_CASE("conversation: after the last reply it reads on for a while, up to a limit", "[http]") {
    conversation_bench bench;
    started client{bench};
    client.receive("nonsense\r\n\r\n");
    CHECK_THAT(client.replies(), Contains("400 "));
    CHECK(client.shut_down);
    for (std::size_t bytes = 0; bytes != linger_bytes; bytes += read_bytes) {
        CHECK(client.waits == kind::read);
        client.receive(std::string(read_bytes, 'x'));
    }
    CHECK(client.waits == kind::read);
    client.receive("x");
    CHECK(client.waits == kind::close);
    CHECK(client.replies().empty());
}

TEST_CASE("conversation: without a place, a request is refused and nothing else is said",
          "[http]") {
    conversation_bench bench;
    SECTION("turned away, with time to send the request and to read the reply") {
        started client{bench, place_kind::turned_away};
        client.receive(deposit.substr(0, 30));
        CHECK(client.replies().empty());
        client.receive(deposit.substr(30));
        CHECK_THAT(client.replies(), Contains("HTTP/1.1 503 ") && Contains("Connection: close"));
        CHECK(client.shut_down);
        CHECK(client.waits == kind::read);
    }
    SECTION("turned away, for no longer than a head may take") {
        started client{bench, place_kind::turned_away};
        client.pass(default_limits.head_timeout.count() + 1);
        CHECK(client.waits == kind::close);
        CHECK(client.replies().empty());
    }
    SECTION("no place, and a request is here") {
        conversation_driver client{bench, place_kind::none};
        client.send_ahead(deposit);
        client.start();
        CHECK_THAT(client.replies(), Contains("HTTP/1.1 503 "));
        CHECK(client.waits == kind::close);
    }
    SECTION("no place, and nothing is here yet") {
        started client{bench, place_kind::none};
        CHECK(client.waits == kind::close);
        CHECK(client.replies().empty());
    }
    CHECK(bench.balance_minor(10001) == 100'000);
}

TEST_CASE("conversation: drained, an idle client is closed and one halfway is answered", "[http]") {
    conversation_bench bench;
    started idle{bench};
    started halfway{bench};
    started late{bench};
    started behind{bench};
    halfway.receive(deposit.substr(0, 20));
    late.send_ahead(deposit);
    behind.unacknowledged = 1;
    bench.begin_drain();
    for (started* const one : {&idle, &halfway, &late, &behind})
        one->drain();
    CHECK(idle.waits == kind::close);
    CHECK_FALSE(idle.shut_down);
    CHECK_THAT(late.replies(), Contains("1001.0") && Contains("Connection: close"));
    CHECK(late.shut_down);
    CHECK(behind.shut_down);  // so that it gets the replies that are on their way
    CHECK(behind.waits == kind::read);
    CHECK(halfway.waits == kind::read);
    halfway.receive(deposit.substr(20));
    CHECK_THAT(halfway.replies(), Contains("1002.0") && Contains("Connection: close"));
    started after{bench};  // was connected by the kernel already
    CHECK(after.waits == kind::close);
}

TEST_CASE("conversation: drained, replies that wait for the disk are sent once they are durable",
          "[http]") {
    conversation_bench bench{conversation_bench::durable};
    started client{bench};
    client.receive(deposit);
    bench.begin_drain(5);
    client.drain();
    CHECK(client.waits == kind::wait_durable);
    client.pass(4);
    CHECK(client.waits == kind::wait_durable);
    bench.make_durable();
    client.become_durable();
    CHECK_THAT(client.replies(), Contains("1001.0"));
    CHECK(client.waits == kind::close);
}

TEST_CASE("conversation: drained, a client that waits for the disk is closed at the limit",
          "[http]") {
    conversation_bench bench{conversation_bench::durable};
    started client{bench};
    client.receive(deposit);
    bench.begin_drain(5);
    client.drain();
    client.pass(5);
    CHECK(client.waits == kind::close);
    CHECK(client.replies().empty());
}

TEST_CASE(
    "conversation: drained, one that yields answers all it has, and one that flushes sends it",
    "[http]") {
    limits allowed;
    allowed.requests_per_wake = 2;
    conversation_bench bench{allowed};
    started yielding{bench};
    yielding.receive(times(4, deposit));
    started flushing{bench};
    flushing.takes = 10;
    flushing.receive(deposit);
    bench.begin_drain();
    yielding.drain();
    CHECK(count(yielding.replies(), "200 OK") == 4);
    flushing.drain();
    CHECK(flushing.waits == kind::wait_writable);
    flushing.pass(5);
    CHECK(flushing.waits == kind::close);
}

TEST_CASE("conversation: ends with the client's sending, once what it sent is answered", "[http]") {
    conversation_bench bench;
    started client{bench};
    client.receive(deposit);
    CHECK_THAT(client.replies(), Contains("1001.0"));
    CHECK(client.talk.on_end_of_file().what == kind::close);
}
