// The address that the server listens on, as text and as host and port.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coffer::http {

struct listen_address {
    std::string host;    ///< an IPv4 or IPv6 address
    std::uint16_t port;  ///< 0 lets the system choose
};

/// Parses ADDR:PORT, with ADDR an IPv4 address, an IPv6 address in brackets, or localhost.
[[nodiscard]] std::optional<listen_address> parse_listen_address(std::string_view text);

/// Parses a port alone: 0 .. 65535.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text);

/// Formats the address as in a URL: "127.0.0.1:5000", "[::1]:5000".
[[nodiscard]] std::string to_string(const listen_address&);

}  // namespace coffer::http
