// What a conversation decides while its connection performs a handshake of TLS.
#include <list>
#include <string>

#include "catch.hpp"
#include "http/conversation.hpp"
#include "http/conversation_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;
using kind = conversation::action::kind;

namespace {

const std::string balance = get("/accounts/10001/balance");

struct started : conversation_driver {
    explicit started(conversation_bench& bench) : conversation_driver{bench} { start(); }
};

}  // namespace

TEST_CASE("conversation: a handshake takes memory until it is over, and none of requests'",
          "[http]") {
    conversation_bench bench;
    started client{bench};
    client.shake_hands();  // a part of the first message
    CHECK(bench.common.handshakes.bytes() == 0);
    REQUIRE(client.talk.may_begin_handshake());
    client.shake_hands();
    CHECK(bench.common.handshakes.bytes() == handshake_bytes);
    CHECK(bench.common.buffered.bytes() == 0);
    client.read_nothing();
    CHECK(bench.common.handshakes.bytes() == 0);
    client.receive(balance);
    CHECK_THAT(client.replies(), Contains("200 OK"));
}

TEST_CASE("conversation: beyond their bound no handshake begins, and requests are answered",
          "[http]") {
    limits allowed;
    allowed.buffered_bytes = 1 * mebibyte;
    conversation_bench bench{allowed};
    std::list<started> clients;
    const auto begins = [&] { return clients.emplace_back(bench).talk.may_begin_handshake(); };
    while (begins())
        REQUIRE(clients.size() <= allowed.handshakes_bytes() / handshake_bytes + 1);
    CHECK_FALSE(bench.common.buffered.exceeded());
    clients.front().fail_handshake();
    CHECK(begins());
    CHECK_FALSE(begins());
    clients.clear();
    CHECK(bench.common.handshakes.bytes() == 0);
}

TEST_CASE("conversation: a handshake ends with the first bytes of a request too", "[http]") {
    conversation_bench bench;
    started client{bench};
    REQUIRE(client.talk.may_begin_handshake());
    client.shake_hands();
    client.receive(post("/accounts/10001/deposit", std::string(20'000, ' ')).substr(0, 15'000));
    CHECK(bench.common.handshakes.bytes() == 0);
    const std::size_t held = bench.common.buffered.bytes();
    CHECK(held >= 15'000);
    client.read_nothing();  // a part of a record
    CHECK(bench.common.buffered.bytes() == held);
    client.pass(
        default_limits.idle_timeout.count());  // it has the time of a body, not of an idle one
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 408 "));
}

TEST_CASE("conversation: a handshake may end in the read that began it", "[http]") {
    conversation_bench bench;
    started client{bench};
    REQUIRE(client.talk.may_begin_handshake());
    client.receive(balance);
    CHECK_THAT(client.replies(), Contains("200 OK"));
    CHECK(bench.common.handshakes.bytes() == 0);
    started quiet{bench};
    REQUIRE(quiet.talk.may_begin_handshake());
    quiet.read_nothing();
    CHECK(bench.common.handshakes.bytes() == 0);
}

TEST_CASE("conversation: a handshake that is late is closed, whatever is unacknowledged",
          "[http]") {
    conversation_bench bench;
    started client{bench};
    client.shake_hands();
    client.pass(default_limits.head_timeout.count());
    CHECK(client.waits == kind::read);
    client.unacknowledged = 1000;
    client.pass(1);
    CHECK(client.waits == kind::close);
    CHECK_FALSE(client.shut_down);
    CHECK(client.replies().empty());
}

TEST_CASE("conversation: after its handshake a client may be idle", "[http]") {
    conversation_bench bench;
    started client{bench};
    client.shake_hands();
    client.pass(1);
    client.read_nothing();
    client.pass(default_limits.idle_timeout.count());
    CHECK(client.waits == kind::read);
    client.pass(1);
    CHECK(client.waits == kind::close);
}

TEST_CASE("conversation: a handshake that failed ends the sending, and counts no more", "[http]") {
    conversation_bench bench;
    started client{bench};
    REQUIRE(client.talk.may_begin_handshake());
    client.fail_handshake();
    CHECK(bench.common.handshakes.bytes() == 0);
    CHECK(client.shut_down);
    client.pass(default_limits.linger_timeout.count() + 1);
    CHECK(client.waits == kind::close);
}

TEST_CASE("conversation: HTTP where TLS is due is refused in HTTP", "[http]") {
    conversation_bench bench;
    started client{bench};
    client.miss_tls();
    CHECK_THAT(client.replies(), Contains("HTTP/1.1 400 ") && Contains("this port speaks TLS"));
    CHECK(client.shut_down);
}

TEST_CASE("conversation: a drain does not wait for handshakes", "[http]") {
    conversation_bench bench;
    started client{bench};
    client.shake_hands();
    bench.begin_drain();
    CHECK_FALSE(client.talk.may_begin_handshake());
    client.shake_hands();
    CHECK(client.waits == kind::close);
}

TEST_CASE("conversation: no handshake begins while it lingers", "[http]") {
    conversation_bench bench;
    started client{bench};
    client.unacknowledged = 1000;  // so it seems where the system cannot say
    client.pass(default_limits.idle_timeout.count() + 1);
    REQUIRE(client.shut_down);
    CHECK_FALSE(client.talk.may_begin_handshake());
    client.shake_hands();
    CHECK(client.waits == kind::close);
}
