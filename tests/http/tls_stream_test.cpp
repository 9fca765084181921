#include "http/tls_stream.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "http/limits.hpp"
#include "http/test_certificate.hpp"

namespace coffer::http {
namespace {

using outcome = tls_stream::outcome;

const tls_context& context() {
    static const test_certificate certificate;
    static const tls_context made{certificate.files()};
    return made;
}

/// A client of OpenSSL's own, and the server's stream, at the ends of one connection.
struct two_ends {
    two_ends() {
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets.data()) == 0);
        server = std::make_unique<tls_stream>(true, sockets[0]);
        client_context.reset(SSL_CTX_new(TLS_client_method()));
        client.reset(SSL_new(client_context.get()));
        SSL_set_fd(client.get(), sockets[1]);
        SSL_set_connect_state(client.get());
    }
    two_ends(const two_ends&) = delete;
    two_ends& operator=(const two_ends&) = delete;
    ~two_ends() {
        for (const int one : sockets)
            ::close(one);
    }

    /// As a connection does.
    tls_stream::result read() {
        const auto found = server->read(buffer);
        if (found.what != outcome::greeted)
            return found;
        server->begin_handshake(context());
        return server->read(buffer);
    }
    std::string_view received(std::size_t bytes) const { return {buffer.data(), bytes}; }
    /// Until both are done.
    void shake_hands() {
        for (int i = 0; i != 4; ++i) {
            SSL_do_handshake(client.get());
            static_cast<void>(read());
        }
        REQUIRE(SSL_is_init_finished(client.get()));
    }
    void send(std::string_view text) {
        REQUIRE(SSL_write(client.get(), text.data(), static_cast<int>(text.size())) ==
                static_cast<int>(text.size()));
    }

    struct freed {
        void operator()(SSL* one) const { SSL_free(one); }
        void operator()(SSL_CTX* one) const { SSL_CTX_free(one); }
    };
    std::array<int, 2> sockets{};
    std::unique_ptr<tls_stream> server;
    std::unique_ptr<SSL_CTX, freed> client_context;
    std::unique_ptr<SSL, freed> client;
    std::vector<char> buffer = std::vector<char>(read_bytes);
};

}  // namespace

TEST_CASE("tls_stream: takes no memory before the first message is whole", "[http]") {
    two_ends ends;
    CHECK(ends.read().what == outcome::blocked);
    std::array<char, 4096> hello{};
    SSL_do_handshake(ends.client.get());
    const ssize_t size = ::recv(ends.sockets[0], hello.data(), hello.size(), 0);
    REQUIRE(size > 100);
    REQUIRE(::send(ends.sockets[1], hello.data(), 50, 0) == 50);
    CHECK(ends.server->read(ends.buffer).what == outcome::beginning);
    const auto rest = static_cast<std::size_t>(size - 50);
    REQUIRE(::send(ends.sockets[1], hello.data() + 50, rest, 0) == size - 50);
    CHECK(ends.server->read(ends.buffer).what == outcome::greeted);
    CHECK(ends.read().what == outcome::beginning);
    ends.shake_hands();
}

TEST_CASE("tls_stream: moves bytes both ways", "[http]") {
    two_ends ends;
    ends.shake_hands();
    ends.send("ping");
    const auto taken = ends.read();
    CHECK(taken.what == outcome::moved);
    CHECK(ends.received(taken.bytes) == "ping");
    CHECK(ends.read().what == outcome::blocked);
    CHECK(ends.server->write("pong").bytes == 4);
    std::array<char, 16> reply{};
    CHECK(SSL_read(ends.client.get(), reply.data(), 16) == 4);
    ends.server->end_sending();
    CHECK(SSL_read(ends.client.get(), reply.data(), 16) == 0);
    CHECK(SSL_get_error(ends.client.get(), 0) == SSL_ERROR_ZERO_RETURN);
}

TEST_CASE("tls_stream: reads all records that have come, and no more of them in a turn than fit",
          "[http]") {
    two_ends ends;
    ends.shake_hands();
    for (int i = 0; i != 200; ++i)
        ends.send("0123456789");
    std::size_t all = 0;
    int turns = 0;
    for (auto taken = ends.read(); taken.what == outcome::moved; taken = ends.read()) {
        CHECK(taken.bytes <= ends.buffer.size());
        all += taken.bytes;
        ++turns;
    }
    CHECK(all == 2000);
    CHECK(turns == 1);
}

TEST_CASE("tls_stream: says that it has more where a turn has ended before the bytes", "[http]") {
    two_ends ends;
    ends.shake_hands();
    ends.send(std::string(10'000, 'x'));
    ends.buffer.resize(1000);
    std::size_t all = 0;
    do {
        const auto taken = ends.read();
        REQUIRE(taken.what == outcome::moved);
        all += taken.bytes;
        CHECK(ends.server->next_wait() ==
              (all == 10'000 ? tls_stream::wait::readable : tls_stream::wait::nothing));
    } while (all != 10'000 && ends.server->next_wait() == tls_stream::wait::nothing);
    CHECK(all == 10'000);
}

TEST_CASE("tls_stream: goes on where the socket took only a part", "[http]") {
    two_ends ends;
    ends.shake_hands();
    const std::string sent(1'000'000, 'y');
    std::string taken;
    std::string_view rest = sent;
    bool was_blocked = false;
    std::vector<char> piece(65536);
    while (taken.size() != sent.size()) {
        const auto moved = ends.server->write(rest);
        REQUIRE(moved.what != outcome::ended);
        was_blocked = was_blocked || moved.what == outcome::blocked;
        rest.remove_prefix(moved.bytes);
        for (int got = 1; got > 0;) {
            got = SSL_read(ends.client.get(), piece.data(), static_cast<int>(piece.size()));
            taken.append(piece.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        }
    }
    CHECK(was_blocked);
    CHECK(taken == sent);
}

TEST_CASE("tls_stream: ends with the client, with its goodbye or without", "[http]") {
    for (const bool says_goodbye : {true, false}) {
        CAPTURE(says_goodbye);
        two_ends ends;
        ends.shake_hands();
        ends.send("last");
        if (says_goodbye)
            SSL_shutdown(ends.client.get());
        ::shutdown(ends.sockets[1], SHUT_WR);
        const auto last = ends.read();
        CHECK(last.what == outcome::moved);
        CHECK(last.bytes == 4);
        CHECK(ends.read().what == outcome::ended);
    }
}

TEST_CASE("tls_stream: is off for HTTP without TLS, and where a handshake fails", "[http]") {
    two_ends plain;
    REQUIRE(::send(plain.sockets[1], "GET / HTTP/1.1\r\n", 16, 0) == 16);
    CHECK(plain.read().what == outcome::http);
    CHECK_FALSE(plain.server->is_on());

    two_ends broken;
    REQUIRE(::send(broken.sockets[1], "\x16\x03\x01\0\7\1\0\0\3abc", 12, 0) == 12);
    CHECK(broken.read().what == outcome::refused);
    CHECK_FALSE(broken.server->is_on());
    std::array<char, 16> alert{};
    CHECK(::recv(broken.sockets[1], alert.data(), alert.size(), 0) == 7);
    CHECK(alert[0] == 21);
}

}  // namespace coffer::http
