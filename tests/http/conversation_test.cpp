#include "http/conversation.hpp"

#include <string>

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

TEST_CASE("conversation: without a place, a request is refused and nothing else is sent",
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
