// Finds the server, and reads the balances of all accounts before and after a run.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <vector>

#include "load/funds.hpp"
#include "load/options.hpp"

namespace coffer::load {

/// Returns the address of the target that accepts a connection. Throws std::runtime_error if none
/// does within `limit`.
[[nodiscard]] boost::asio::ip::tcp::endpoint find_server(const target&,
                                                         std::chrono::milliseconds limit);

/// Returns what each account has, in the order of `accounts`. Throws std::runtime_error if the
/// server does not report one, or does not answer within `limit`.
[[nodiscard]] std::vector<funds> read_balances(const boost::asio::ip::tcp::endpoint&, const target&,
                                               const std::vector<account_number>& accounts,
                                               std::chrono::milliseconds limit);

}  // namespace coffer::load
