// The URL of a member of the store: http:// or https://HOST:PORT.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace coffer::replication {

struct store_url {
    std::string text;  ///< as it was given, without a slash at its end
    bool is_secure = false;
    std::string host;  ///< a name or an address; of IPv6 without its brackets
    std::uint16_t port = 0;

    /// The value of the field Host.
    [[nodiscard]] std::string authority() const;
};

/// Throws std::invalid_argument, naming the URL, if it is no such URL: one with a path, a query or
/// a password is none.
[[nodiscard]] store_url parse_store_url(std::string_view text);

}  // namespace coffer::replication
