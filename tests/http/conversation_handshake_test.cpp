// What a conversation decides while its connection performs a handshake of TLS.
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

TEST_CASE("conversation: a handshake counts as buffered until it is over", "[http]") {
    conversation_bench bench;
    started client{bench};
    client.shake_hands(false);
    CHECK(bench.common.buffered.bytes() == 0);
    client.shake_hands();
    client.shake_hands();
    CHECK(bench.common.buffered.bytes() == handshake_bytes);
    client.read_nothing();
    CHECK(bench.common.buffered.bytes() == 0);
    client.receive(balance);
    CHECK_THAT(client.replies(), Contains("200 OK"));
}

TEST_CASE("conversation: a handshake ends with the first bytes of a request too", "[http]") {
    conversation_bench bench;
    started client{bench};
    client.shake_hands();
    client.receive(post("/accounts/10001/deposit", std::string(20'000, ' ')).substr(0, 15'000));
    const std::size_t held = bench.common.buffered.bytes();
    CHECK(held >= 15'000);
    CHECK(held < handshake_bytes);
    client.read_nothing();  // a part of a record
    CHECK(bench.common.buffered.bytes() == held);
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
    client.shake_hands();
    client.fail_handshake();
    CHECK(bench.common.buffered.bytes() == 0);
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
    client.shake_hands();
    CHECK(client.waits == kind::close);
}
