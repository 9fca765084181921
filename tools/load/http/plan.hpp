// What all threads of a run know.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <vector>

#include "load/options.hpp"
#include "load/request_writer.hpp"
#include "load/tally.hpp"

namespace coffer::load {

struct plan {
    const options& chosen;
    boost::asio::ip::tcp::endpoint server;
    std::vector<std::int64_t>
        opening_minor;  ///< the balances before the run, as the accounts stand
    request_writer writer;
    window measured;
    std::int64_t stop_ns;  ///< nothing is sent from here on
    std::int64_t quit_ns;  ///< nothing is waited for from here on
    std::chrono::steady_clock::time_point begin;

    [[nodiscard]] std::int64_t now_ns() const noexcept {
        return (std::chrono::steady_clock::now() - begin) / std::chrono::nanoseconds{1};
    }
};

}  // namespace coffer::load
