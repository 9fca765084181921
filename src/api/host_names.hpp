// The names by which browsers may reach this server.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coffer::api {

/// A name of this server, as `--host-name` has it: `bank.example`, `bank.example:8443`, or
/// `https://bank.example`. An address may stand in its place.
struct host_name {
    std::string scheme;  ///< http, https, or empty: both
    std::string host;    ///< in lower case, IPv6 with its brackets
    std::string port;    ///< of an Origin; empty: the scheme's own

    friend bool operator==(const host_name&, const host_name&) = default;
};

/// Nothing if the text is no such name.
[[nodiscard]] std::optional<host_name> parse_host_name(std::string_view text);

/// Whether a Host names the server without any `--host-name`: it is an address of IPv4, one of IPv6
/// in brackets, or `localhost`, with a port or without. No name that an attacker can have resolved
/// to this machine is among them.
[[nodiscard]] bool is_address_or_localhost(std::string_view host) noexcept;

/// Whether a Host is one of these names, with any port.
[[nodiscard]] bool names_host(const std::vector<host_name>& names, std::string_view host) noexcept;

/// Whether an Origin is one of these names.
[[nodiscard]] bool names_origin(const std::vector<host_name>& names,
                                std::string_view origin) noexcept;

/// Whether an Origin is that of the server itself, as a request with this Host names it.
[[nodiscard]] bool is_own_origin(std::string_view origin, std::string_view host,
                                 bool is_encrypted) noexcept;

}  // namespace coffer::api
