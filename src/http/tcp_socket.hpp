// TCP sockets that never block: what the system calls do, without their error codes' long list.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>

#include "http/listen_address.hpp"

namespace coffer::http {

/// Owns a file descriptor, if any. Thread safety: none.
class descriptor {
public:
    descriptor() noexcept = default;
    explicit descriptor(int number) noexcept : number_{number} {}
    descriptor(descriptor&& other) noexcept;
    descriptor& operator=(descriptor&& other) noexcept;
    ~descriptor() { close(); }

    void close() noexcept;
    [[nodiscard]] int number() const noexcept { return number_; }

private:
    int number_ = -1;
};

/// A connection.
class tcp_socket {
public:
    explicit tcp_socket(descriptor connected) noexcept;

    /// What came of an attempt to read or to write.
    struct attempt {
        std::size_t bytes;  ///< that were moved
        bool over;          ///< the stream has ended or failed
    };

    /// Reads what is there, up to the size of `into`; nothing if there is nothing yet.
    [[nodiscard]] attempt read_some(std::span<char> into) noexcept;
    /// Writes as much of `bytes` as there is room for.
    [[nodiscard]] attempt write_some(std::string_view bytes) noexcept;
    /// How many of the bytes written the other side's system has not got yet; all there may be
    /// if the system does not tell.
    [[nodiscard]] std::size_t unacknowledged() const noexcept;
    /// Says that nothing more will be written. False if the connection is over.
    [[nodiscard]] bool shut_down_sending() noexcept;

    [[nodiscard]] int number() const noexcept { return descriptor_.number(); }

private:
    descriptor descriptor_;
};

/// A listening socket.
class tcp_listener {
public:
    /// Listens at `where`, alone or, with `shared`, beside others that share the address. Throws
    /// std::system_error.
    tcp_listener(const listen_address& where, bool shared);

    /// Lets others of this user listen beside it. Throws std::system_error.
    void share_address();

    /// Where it listens, with the port that the system chose if it was asked to.
    [[nodiscard]] listen_address address() const;

    struct accepted {
        descriptor connection;
        boost::asio::ip::address from;
        std::error_code error;  ///< none if there is a connection, or nobody to accept
    };
    [[nodiscard]] accepted accept() noexcept;

    void close() noexcept { descriptor_.close(); }
    [[nodiscard]] bool is_open() const noexcept { return number() >= 0; }
    [[nodiscard]] int number() const noexcept { return descriptor_.number(); }

private:
    descriptor descriptor_;
};

}  // namespace coffer::http
