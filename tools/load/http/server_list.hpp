// The nodes of one ledger that are known, and which of them is thought to lead it.
#pragma once

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "load/options.hpp"

namespace coffer::load {

/// Thread safety: none. Each thread of the generator has a copy.
class server_list {
public:
    using endpoint = boost::asio::ip::tcp::endpoint;

    explicit server_list(std::vector<endpoint> known) : known_{std::move(known)} {}

    [[nodiscard]] const endpoint& leader() const noexcept { return known_[leader_]; }
    [[nodiscard]] bool has_others() const noexcept { return known_.size() != 1; }

    /// This one does not answer, or leads no more: the next is tried, unless that is so already.
    void leave(const endpoint& one) noexcept {
        if (one == leader())
            leader_ = (leader_ + 1) % known_.size();
    }
    /// Takes the server of a URL for the leader. False if it is none of an address and a port.
    [[nodiscard]] bool follow(std::string_view url) {
        constexpr std::string_view scheme = "http://";
        const std::size_t path = url.find('/', scheme.size());
        const auto where = parse_url(url.substr(0, path));
        if (!where)
            return false;
        boost::system::error_code error;
        const auto address = boost::asio::ip::make_address(
            where->host == "localhost" ? "127.0.0.1" : where->host, error);
        if (error)
            return false;
        const endpoint one{address, static_cast<std::uint16_t>(std::stoul(where->port))};
        const auto found = std::ranges::find(known_, one);
        leader_ = static_cast<std::size_t>(found - known_.begin());
        if (found == known_.end())
            known_.push_back(one);
        return true;
    }

private:
    std::vector<endpoint> known_;
    std::size_t leader_ = 0;
};

}  // namespace coffer::load
