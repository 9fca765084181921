// Whatever a client sends to a port of TLS, in pieces of any size: it is refused, or more is
// awaited, after few calls. Nothing of it is taken for a request, and there is no memory for it
// before the client's first message is whole.
//
// The input is the size of the pieces, in one byte, and what the client sends.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/require.hpp"
#include "http/limits.hpp"
#include "http/test_certificate.hpp"
#include "http/tls_greeting.hpp"
#include "http/tls_stream.hpp"

namespace {

using coffer::fuzz::require;
using coffer::http::read_greeting;
using coffer::http::tls_greeting;
using coffer::http::tls_stream;
using outcome = tls_stream::outcome;

/// A server's end of a connection, which does not block, and a client's.
struct socket_pair {
    socket_pair() {
        require(
            ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0,
            "no sockets");
    }
    socket_pair(const socket_pair&) = delete;
    socket_pair& operator=(const socket_pair&) = delete;
    ~socket_pair() {
        for (const int one : ends)
            ::close(one);
    }
    std::array<int, 2> ends{};
};

const coffer::http::tls_context& context() {
    static const coffer::http::test_certificate certificate;
    static const coffer::http::tls_context made{certificate.files()};
    return made;
}

/// Reads as a connection does, until it would wait. Returns whether it goes on.
bool read_on(tls_stream& stream, std::string_view sent) {
    static std::array<char, coffer::http::read_bytes> buffer;
    constexpr int most_calls = 8;
    for (int i = 0; i != most_calls; ++i) {
        const auto [what, bytes] = stream.read(buffer);
        require(bytes == 0 && what != outcome::moved, "bytes of a client without keys");
        if (what == outcome::greeted) {
            require(read_greeting(sent).what == tls_greeting::kind::handshake,
                    "memory for a handshake that has not begun");
            stream.begin_handshake(context());
            continue;
        }
        if (what != outcome::blocked && what != outcome::beginning)
            return false;
        if (stream.next_wait() != tls_stream::wait::nothing)
            return true;
    }
    require(false, "no end to what was received");
    return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t most_bytes = 32 * 1024;
    if (size == 0 || size > most_bytes)
        return 0;
    const std::string_view all{reinterpret_cast<const char*>(data) + 1, size - 1};
    const std::size_t piece = std::max<std::size_t>(data[0], 1);
    const socket_pair pair;
    tls_stream stream{true, pair.ends[0]};
    std::size_t sent = 0;
    std::size_t awaited = 0;
    bool goes_on = true;
    while (goes_on && sent != all.size()) {
        const std::string_view next = all.substr(sent, piece);
        if (::send(pair.ends[1], next.data(), next.size(), MSG_NOSIGNAL) < 0)
            break;
        sent += next.size();
        if (sent < awaited)
            continue;  // the system does not wake the server: see SO_RCVLOWAT
        goes_on = read_on(stream, all.substr(0, sent));
        awaited = read_greeting(all.substr(0, sent)).bytes;
    }
    stream.end_sending();
    return 0;
}
