// The addresses that the server listens on, as text and in their parts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/request.hpp"

namespace coffer::http {

struct listen_address {
    enum class transport : std::uint8_t { tcp, tls, unix_socket };

    std::string host;    ///< an IPv4 or IPv6 address; of a Unix socket its path
    std::uint16_t port;  ///< 0 lets the system choose; 0 of a Unix socket
    transport by = transport::tcp;

    [[nodiscard]] bool is_unix() const noexcept { return by == transport::unix_socket; }
    [[nodiscard]] bool is_tls() const noexcept { return by == transport::tls; }
    /// On an address of this machine that no other can reach, or a Unix socket.
    [[nodiscard]] bool is_local() const noexcept;
};

/// All that a server listens on.
struct listen_plan {
    std::vector<listen_address> everyone;
    /// Where there are any, the operator's routes are answered here alone (api::place).
    std::vector<listen_address> operators{};

    [[nodiscard]] std::size_t size() const noexcept { return everyone.size() + operators.size(); }
    [[nodiscard]] bool has_tls() const noexcept;
};

/// Properties of the listener at `where` that affect the replies.
[[nodiscard]] api::listener_facts facts_of(const listen_address& where, bool has_operations);

/// Parses ADDR:PORT, tls:ADDR:PORT or unix:PATH, with ADDR an IPv4 address, an IPv6 address in
/// brackets, or localhost. A path has at most 107 bytes: the system's limit.
[[nodiscard]] std::optional<listen_address> parse_listen_address(std::string_view text);

/// Parses a port alone: 0 .. 65535.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text);

/// Formats the address as it is parsed: "127.0.0.1:5000", "tls:[::1]:5000", "unix:/run/coffer".
[[nodiscard]] std::string to_string(const listen_address&);

/// Formats the address for a client: "http://127.0.0.1:5000", "https://[::1]:5000",
/// "unix:/run/coffer".
[[nodiscard]] std::string url_of(const listen_address&);

}  // namespace coffer::http
