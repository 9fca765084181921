// What a worker counts of its requests, for /metrics.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "api/problem.hpp"
#include "api/route_table.hpp"
#include "ops/tally.hpp"

namespace coffer::http {

/// The status codes of replies, in their order; others are counted as the last one.
inline constexpr std::array counted_statuses{200, 201, 202, 204, 304, 307, 400, 401, 403, 404, 405,
                                             406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417,
                                             421, 422, 426, 428, 429, 431, 500, 501, 503, 505};

/// The place of a status in `counted_statuses`.
[[nodiscard]] std::size_t place_of_status(int status) noexcept;

/// On lines of its own: each worker writes its own, and a scrape reads them all.
/// Thread safety: one thread counts, any may read.
struct alignas(64) request_figures {
    static constexpr std::size_t routes = api::route_table::max_routes + 1;

    /// `route` as route_table::number_of has it.
    void count(std::size_t route, int status, api::problem why) noexcept {
        requests[route][place_of_status(status)].add();
        if (why != api::problem::none)
            refusals[static_cast<std::size_t>(why)].add();
    }

    std::array<std::array<tally, counted_statuses.size()>, routes> requests{};
    std::array<tally, api::problems> refusals{};
    latency_tally in_all;  ///< from the read that completed a request until its reply is written
    latency_tally disk;    ///< of those that waited for the disk, how long they did
    tally accepted;        ///< connections
    gauge streams;         ///< replies that are streams, and have not ended
};

}  // namespace coffer::http
