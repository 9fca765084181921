#include "replication/store_url.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <stdexcept>

namespace coffer::replication {
namespace {

constexpr std::string_view plain = "http://";
constexpr std::string_view secure = "https://";
constexpr std::size_t most_host_bytes = 253;

[[noreturn]] void refuse(std::string_view text, const char* why) {
    throw std::invalid_argument{"'" + std::string{text} + "' is no URL of a store: " + why};
}

bool is_host_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= most_host_bytes && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_';
    });
}

}  // namespace

std::string store_url::authority() const {
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return (is_ipv6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

store_url parse_store_url(std::string_view text) {
    store_url url;
    std::string_view rest = text;
    if (rest.starts_with(plain))
        rest.remove_prefix(plain.size());
    else if (rest.starts_with(secure)) {
        rest.remove_prefix(secure.size());
        url.is_secure = true;
    } else
        refuse(text, "it has to begin with http:// or https://");
    if (rest.ends_with('/'))
        rest.remove_suffix(1);
    url.text = std::string{text.substr(0, text.size() - (text.ends_with('/') ? 1 : 0))};

    const std::size_t colon = rest.rfind(':');
    if (colon == std::string_view::npos)
        refuse(text, "it has to end with a port, as in http://127.0.0.1:2379");
    std::string_view host = rest.substr(0, colon);
    const std::string_view port = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc{} || end != port.data() + port.size() || url.port == 0)
        refuse(text, "its port is not a number from 1 to 65535");
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        boost::system::error_code no_address;
        boost::asio::ip::make_address_v6(std::string{host}, no_address);
        if (no_address)
            refuse(text, "its host is not an address of IPv6");
    } else if (!is_host_name(host))
        refuse(text, "its host is neither a name nor an address");
    url.host = std::string{host};
    return url;
}

}  // namespace coffer::replication
