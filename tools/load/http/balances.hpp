// Reads the balances of all accounts, before and after a run.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <vector>

#include "load/options.hpp"

namespace coffer::load {

/// The server that answers at the target. Throws std::runtime_error if none does within `limit`.
[[nodiscard]] boost::asio::ip::tcp::endpoint find_server(const target&,
                                                         std::chrono::milliseconds limit);

/// The balances in cents, in the order of `accounts`. Throws std::runtime_error if the server does
/// not tell one, or lets more than `limit` pass before a batch is answered.
[[nodiscard]] std::vector<std::int64_t> read_balances(const boost::asio::ip::tcp::endpoint&,
                                                      const target&,
                                                      const std::vector<account_number>& accounts,
                                                      std::chrono::milliseconds limit);

}  // namespace coffer::load
