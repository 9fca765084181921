#include "http/listen_address.hpp"

#include <boost/asio/ip/address.hpp>
#include <charconv>

namespace coffer::http {

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc{} || stopped != end)
        return std::nullopt;
    return port;
}

std::optional<listen_address> parse_listen_address(std::string_view text) {
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
    return listen_address{host, *port};
}

std::string to_string(const listen_address& where) {
    const bool is_v6 = where.host.find(':') != std::string::npos;
    return (is_v6 ? '[' + where.host + ']' : where.host) + ':' + std::to_string(where.port);
}

}  // namespace coffer::http
