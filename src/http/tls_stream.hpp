// The TLS of one connection: the handshake, and then its bytes, by calls that do not block.
//
// Guarantees     Until the client has sent a whole ClientHello, and the handshake is begun, it
//                costs no memory: what has arrived stays with the system.
//                A call takes a bounded number of bytes from the socket.
// Invariants     1. There is an SSL object if and only if a handshake has begun.
//                2. While `is_on`, the socket's bytes are read and written here alone.
// Thread safety  None: it belongs to one connection and its worker's thread.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "http/tls_context.hpp"

namespace coffer::http {

class tls_stream {
public:
    enum class outcome : std::uint8_t {
        moved,      ///< `bytes` bytes
        blocked,    ///< nothing: wait as `next_wait` says
        beginning,  ///< the same, before the handshake's end
        greeted,    ///< the client's whole ClientHello is there: call begin_handshake, and read
        http,       ///< the client speaks HTTP without TLS: this is off
        refused,    ///< the handshake has failed, and the client has an alert: this is off
        ended,      ///< the client sends no more, or is gone
    };
    struct result {
        outcome what;
        std::size_t bytes = 0;
    };
    enum class wait : std::uint8_t {
        readable,
        writable,
        nothing,  ///< read again at once, after other connections: more bytes or the end are there
    };

    /// Off, for a connection without TLS, or on. The socket must not block.
    tls_stream(bool on, int socket) noexcept : socket_{socket}, is_on_{on} {}
    tls_stream(const tls_stream&) = delete;
    tls_stream& operator=(const tls_stream&) = delete;
    ~tls_stream() = default;

    /// Whether the bytes of the connection are encrypted.
    [[nodiscard]] bool is_on() const noexcept { return is_on_; }

    /// Reads into a buffer of 64 KiB; first performs the handshake.
    [[nodiscard]] result read(std::span<char> into) noexcept;
    /// After `greeted`: takes the memory of a handshake. Throws std::bad_alloc.
    void begin_handshake(const tls_context& context);
    [[nodiscard]] wait next_wait() const noexcept { return next_wait_; }

    /// Writes as much as the socket takes. After less, the next call must begin with the rest.
    [[nodiscard]] result write(std::string_view bytes) noexcept;

    /// Sends close_notify. Does nothing before the end of the handshake, or once it failed.
    void end_sending() noexcept;

private:
    friend struct tls_socket;  // moves the records
    struct free_ssl {
        void operator()(SSL* gone) const noexcept;
    };

    [[nodiscard]] result greet(std::span<char> peeked) noexcept;
    [[nodiscard]] result shake_hands() noexcept;
    [[nodiscard]] result read_records(std::span<char> into) noexcept;
    [[nodiscard]] result after_failure(int returned, std::size_t bytes) noexcept;
    void set_least_readable(std::size_t bytes) noexcept;

    std::unique_ptr<SSL, free_ssl> ssl_;
    int socket_;
    std::uint32_t may_take_ = 0;  // bytes, of the socket, in this call
    std::uint16_t awaited_ = 0;   // bytes of the greeting; 0 before the first look
    wait next_wait_ = wait::readable;
    bool is_on_;
    bool is_established_ = false;  // the handshake is over
    bool has_failed_ = false;
};

}  // namespace coffer::http
