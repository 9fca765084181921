#include "api/host_names.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace coffer::api {
namespace {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_alike(std::string_view a, std::string_view b) noexcept {
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// A host with an optional port: "bank.example:8443".
struct authority {
    std::string_view host;
    std::string_view port;
};

authority split(std::string_view text) noexcept {
    const std::size_t in_brackets = text.starts_with('[') ? text.find(']') : 0;
    const std::size_t colon = text.find(':', in_brackets);
    if (in_brackets == text.npos || colon == text.npos)
        return {text, {}};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

constexpr std::string_view default_port(std::string_view scheme) noexcept {
    return scheme == "https" ? "443" : "80";
}

/// An Origin in parts. The scheme is empty if it is none of http or https, and for `null`.
struct origin_parts {
    std::string_view scheme;
    authority at;

    [[nodiscard]] std::string_view port() const noexcept {
        return at.port.empty() ? default_port(scheme) : at.port;
    }
};

// What is malformed has a host that no server has, such as "bank.example, http".
origin_parts parts_of(std::string_view origin) noexcept {
    for (const std::string_view scheme : {"http", "https"}) {
        const std::string_view front = origin.substr(0, scheme.size());
        const std::string_view rest = origin.substr(front.size());
        if (is_alike(front, scheme) && rest.starts_with("://"))
            return {scheme, split(rest.substr(3))};
    }
    return {};
}

bool is_address(int family, std::string_view text) noexcept {
    std::array<char, INET6_ADDRSTRLEN> copied{};
    std::array<unsigned char, sizeof(in6_addr)> ignored;
    if (text.size() >= copied.size())
        return false;
    std::ranges::copy(text, copied.begin());
    return ::inet_pton(family, copied.data(), ignored.data()) == 1;
}

bool is_name(std::string_view host) noexcept {
    return !host.empty() && std::ranges::all_of(host, [](char c) {
        return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '.' || c == '_';
    });
}

}  // namespace

std::optional<host_name> parse_host_name(std::string_view text) {
    host_name made;
    const origin_parts origin = parts_of(text);
    const authority at = origin.scheme.empty() ? split(text) : origin.at;
    made.scheme = origin.scheme;
    for (const char c : at.host)
        made.host += lower(c);
    made.port = at.port;
    const bool has_colon = at.host.data() + at.host.size() != text.data() + text.size();
    const bool is_bracketed =
        made.host.size() > 2 && made.host.front() == '[' && made.host.back() == ']' &&
        is_address(AF_INET6, std::string_view{made.host}.substr(1, made.host.size() - 2));
    const bool is_port = std::ranges::all_of(made.port, is_digit) && made.port.size() <= 5 &&
                         made.port.empty() != has_colon;
    if (!is_port || !(is_bracketed || is_name(made.host)))
        return std::nullopt;
    return made;
}

bool is_address_or_localhost(std::string_view host) noexcept {
    std::string_view name = split(host).host;
    if (is_alike(name, "localhost") || is_address(AF_INET, name))
        return true;
    if (!name.starts_with('[') || !name.ends_with(']'))
        return false;
    name = name.substr(1, name.size() - 2);
    return is_address(AF_INET6, name.substr(0, name.find('%')));  // without its zone
}

bool names_host(const std::vector<host_name>& names, std::string_view host) noexcept {
    const std::string_view asked = split(host).host;
    return std::ranges::any_of(names,
                               [asked](const host_name& one) { return is_alike(one.host, asked); });
}

bool names_origin(const std::vector<host_name>& names, std::string_view origin) noexcept {
    const origin_parts asked = parts_of(origin);
    return std::ranges::any_of(names, [&asked](const host_name& one) {
        const std::string_view port = one.port.empty() ? default_port(asked.scheme) : one.port;
        return !asked.scheme.empty() && (one.scheme.empty() || one.scheme == asked.scheme) &&
               is_alike(one.host, asked.at.host) && port == asked.port();
    });
}

bool is_own_origin(std::string_view origin, std::string_view host, bool is_encrypted) noexcept {
    const origin_parts asked = parts_of(origin);
    const authority own = split(host);
    const std::string_view scheme = is_encrypted ? "https" : "http";
    return asked.scheme == scheme && !own.host.empty() && is_alike(asked.at.host, own.host) &&
           asked.port() == (own.port.empty() ? default_port(scheme) : own.port);
}

}  // namespace coffer::api
