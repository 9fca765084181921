#include "http/listen_address.hpp"

#include <sys/un.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>

namespace coffer::http {
namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr std::string_view tls_prefix = "tls:";
constexpr std::size_t most_path_bytes = sizeof(sockaddr_un::sun_path) - 1;

std::optional<listen_address> parse_path(std::string_view path) {
    const bool is_right =
        !path.empty() && path.size() <= most_path_bytes && path.find('\0') == path.npos;
    if (!is_right)
        return std::nullopt;
    return listen_address{std::string{path}, 0, listen_address::transport::unix_socket};
}

/// "127.0.0.1:5000", "[::1]:5000".
std::string host_and_port(const listen_address& where) {
    const bool is_v6 = where.host.find(':') != std::string::npos;
    return (is_v6 ? '[' + where.host + ']' : where.host) + ':' + std::to_string(where.port);
}

}  // namespace

bool listen_address::is_local() const noexcept {
    if (is_unix())
        return true;
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(host.c_str(), error);
    return !error && address.is_loopback();
}

bool listen_plan::has_tls() const noexcept {
    const auto is_tls = [](const listen_address& one) { return one.is_tls(); };
    return std::ranges::any_of(everyone, is_tls) || std::ranges::any_of(operators, is_tls);
}

api::listener_facts facts_of(const listen_address& where, bool has_operations) {
    return {.is_local = where.is_local(),
            .checks_hosts = where.is_local() && !where.is_unix(),
            .is_encrypted = where.is_tls(),
            .has_operations = has_operations};
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc{} || stopped != end)
        return std::nullopt;
    return port;
}

std::optional<listen_address> parse_listen_address(std::string_view text) {
    if (text.starts_with(unix_prefix))
        return parse_path(text.substr(unix_prefix.size()));
    auto by = listen_address::transport::tcp;
    if (text.starts_with(tls_prefix)) {
        by = listen_address::transport::tls;
        text.remove_prefix(tls_prefix.size());
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    const std::optional<std::uint16_t> port = parse_port(text.substr(colon + 1));
    std::string host{text.substr(0, colon)};
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed)
        host = host.substr(1, host.size() - 2);
    if (host == "localhost")
        host = "127.0.0.1";
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(host, error);
    if (!port || error || address.is_v6() != bracketed)
        return std::nullopt;
    return listen_address{host, *port, by};
}

std::string to_string(const listen_address& where) {
    if (where.is_unix())
        return std::string{unix_prefix} + where.host;
    return (where.is_tls() ? std::string{tls_prefix} : std::string{}) + host_and_port(where);
}

std::string url_of(const listen_address& where) {
    if (where.is_unix())
        return to_string(where);
    return (where.is_tls() ? "https://" : "http://") + host_and_port(where);
}

}  // namespace coffer::http
