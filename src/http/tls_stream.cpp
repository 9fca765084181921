#include "http/tls_stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <new>

#include "http/limits.hpp"
#include "http/tls_greeting.hpp"

namespace coffer::http {
namespace {

/// Of the socket, before it is another connection's turn.
constexpr std::uint32_t most_a_call = read_bytes;

bool is_blocked(int error) noexcept {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/// So that SSL_get_error finds the error of the call that follows. Nearly always there is none.
void forget_errors() noexcept {
    if (ERR_peek_error() != 0) [[unlikely]]
        ERR_clear_error();
}

}  // namespace

/// How OpenSSL reaches the socket. Its own way raises SIGPIPE, and has no limit on what a call
/// takes.
struct tls_socket {
    static tls_stream& of(BIO* bio) noexcept {
        return *static_cast<tls_stream*>(BIO_get_data(bio));
    }

    static int read(BIO* bio, char* into, int bytes) noexcept {
        tls_stream& stream = of(bio);
        BIO_clear_retry_flags(bio);
        const std::size_t most =
            std::min<std::size_t>(stream.may_take_, static_cast<unsigned>(bytes));
        const ssize_t taken = most == 0 ? -1 : ::recv(stream.socket_, into, most, 0);
        if (most == 0 || (taken < 0 && is_blocked(errno)))
            BIO_set_retry_read(bio);
        if (taken == 0)
            BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
        if (taken > 0)
            stream.may_take_ -= static_cast<std::uint32_t>(taken);
        return static_cast<int>(taken);
    }

    static int write(BIO* bio, const char* from, int bytes) noexcept {
        BIO_clear_retry_flags(bio);
        const ssize_t taken =
            ::send(of(bio).socket_, from, static_cast<unsigned>(bytes), MSG_NOSIGNAL);
        if (taken < 0 && is_blocked(errno))
            BIO_set_retry_write(bio);
        return static_cast<int>(taken);
    }

    static long control(BIO* bio, int command, long, void*) noexcept {
        if (command == BIO_CTRL_EOF)
            return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
        return command == BIO_CTRL_FLUSH ? 1 : 0;
    }

    static const BIO_METHOD* method() {
        static BIO_METHOD* const made = [] {
            BIO_METHOD* const one =
                BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "connection");
            if (one == nullptr)
                throw std::bad_alloc{};
            BIO_meth_set_read(one, read);
            BIO_meth_set_write(one, write);
            BIO_meth_set_ctrl(one, control);
            return one;
        }();
        return made;
    }
};

void tls_stream::free_ssl::operator()(SSL* gone) const noexcept {
    SSL_free(gone);
}

tls_stream::result tls_stream::read(std::span<char> into) noexcept {
    may_take_ = most_a_call;
    next_wait_ = wait::readable;
    if (is_established_) [[likely]]
        return read_records(into);
    if (ssl_ == nullptr)
        return greet(into);
    const result shaken = shake_hands();
    return is_established_ ? read_records(into) : shaken;
}

// The system does not wake the connection before there is enough to see more. If it does all the
// same, the client has ended, or the system has no memory to keep more: OpenSSL takes what is
// there.
tls_stream::result tls_stream::greet(std::span<char> peeked) noexcept {
    const ssize_t size = ::recv(socket_, peeked.data(), peeked.size(), MSG_PEEK);
    if (size < 0 && is_blocked(errno))
        return {awaited_ == 0 ? outcome::blocked : outcome::beginning};
    if (size <= 0)
        return {outcome::ended};
    const auto found = read_greeting({peeked.data(), static_cast<std::size_t>(size)});
    const bool has_what_it_awaited = size >= awaited_;
    switch (found.what) {
        case tls_greeting::kind::unfinished:
            if (!has_what_it_awaited)
                break;
            set_least_readable(found.bytes);
            return {outcome::beginning};
        case tls_greeting::kind::http:
            is_on_ = false;
            return {outcome::http};
        case tls_greeting::kind::foreign:
            return {outcome::ended};
        case tls_greeting::kind::handshake:
            break;
    }
    if (awaited_ != 0)
        set_least_readable(1);
    return {outcome::greeted};
}

void tls_stream::set_least_readable(std::size_t bytes) noexcept {
    const int value = static_cast<int>(bytes);
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof value);
    awaited_ = static_cast<std::uint16_t>(bytes);
}

void tls_stream::begin_handshake(const tls_context& context) {
    BIO* const bio = BIO_new(tls_socket::method());
    if (bio == nullptr)
        throw std::bad_alloc{};
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    ssl_.reset(SSL_new(context.native()));
    if (ssl_ == nullptr) {
        BIO_free(bio);
        throw std::bad_alloc{};
    }
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_accept_state(ssl_.get());
}

tls_stream::result tls_stream::shake_hands() noexcept {
    forget_errors();
    const int done = SSL_do_handshake(ssl_.get());
    if (done == 1) {
        is_established_ = true;
        return {outcome::moved};
    }
    const result found = after_failure(done, 0);
    if (found.what == outcome::blocked)
        return {outcome::beginning};
    is_on_ = false;
    return {outcome::refused};
}

// A record at a time, until all that has been received is read.
tls_stream::result tls_stream::read_records(std::span<char> into) noexcept {
    forget_errors();
    std::size_t size = 0;
    do {
        const std::size_t room = std::min<std::size_t>(into.size() - size, INT_MAX);
        const int taken = SSL_read(ssl_.get(), into.data() + size, static_cast<int>(room));
        if (taken <= 0)
            return after_failure(taken, size);
        size += static_cast<std::size_t>(taken);
        if (SSL_has_pending(ssl_.get()) == 0)
            return {outcome::moved, size};
    } while (size != into.size());
    next_wait_ = wait::nothing;
    return {outcome::moved, size};
}

/// What there is to say once a call has returned no bytes, after others that returned `bytes`.
tls_stream::result tls_stream::after_failure(int returned, std::size_t bytes) noexcept {
    outcome found = outcome::blocked;
    switch (SSL_get_error(ssl_.get(), returned)) {
        case SSL_ERROR_WANT_READ:
            next_wait_ = may_take_ == 0 ? wait::nothing : wait::readable;
            break;
        case SSL_ERROR_WANT_WRITE:
            next_wait_ = wait::writable;
            break;
        case SSL_ERROR_ZERO_RETURN:
            next_wait_ = wait::nothing;  // it shows again, after the bytes
            found = outcome::ended;
            break;
        default:
            next_wait_ = wait::nothing;
            has_failed_ = true;
            found = outcome::ended;
    }
    if (bytes != 0)
        return {outcome::moved, bytes};
    return {found};
}

tls_stream::result tls_stream::write(std::string_view bytes) noexcept {
    if (!is_established_ || has_failed_)
        return {outcome::ended};
    forget_errors();
    std::size_t sent = 0;
    while (sent != bytes.size()) {
        const std::size_t rest = std::min<std::size_t>(bytes.size() - sent, INT_MAX);
        const int taken = SSL_write(ssl_.get(), bytes.data() + sent, static_cast<int>(rest));
        if (taken <= 0) {
            if (SSL_get_error(ssl_.get(), taken) == SSL_ERROR_WANT_WRITE)
                return {outcome::blocked, sent};
            has_failed_ = true;
            return {outcome::ended, sent};
        }
        sent += static_cast<std::size_t>(taken);
    }
    return {outcome::moved, sent};
}

void tls_stream::end_sending() noexcept {
    if (!is_on_ || !is_established_ || has_failed_)
        return;
    forget_errors();
    if (SSL_shutdown(ssl_.get()) < 0)
        ERR_clear_error();
}

}  // namespace coffer::http
