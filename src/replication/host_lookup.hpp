// Finds the addresses of a host, within a time.
//
// getaddrinfo takes no time-out, so a thread of its own calls it, and nothing waits for that thread
// if it takes longer. Each host has one such thread at most.
//
// Thread safety  Any thread may call any member.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace coffer::replication {

class host_lookup {
public:
    using endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

    /// An address is not looked up. Throws std::bad_alloc.
    host_lookup(std::string host, std::uint16_t port);

    /// The addresses that were found last, or are found by `deadline`. Empty if there are none.
    [[nodiscard]] endpoints find(std::chrono::steady_clock::time_point deadline);
    /// The next find asks again: nothing answered at the addresses.
    void forget();

private:
    struct state;
    std::shared_ptr<state> state_;  // shared with the thread, which may outlive this
};

}  // namespace coffer::replication
