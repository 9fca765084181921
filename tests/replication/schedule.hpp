// One schedule: a cluster, its clients, and all that goes wrong for some seconds of virtual time;
// then all is healed, and the history has to be right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "replication/model_cluster.hpp"

namespace coffer::test {

struct schedule_result {
    std::string wrong;  ///< empty if nothing is
    std::size_t postings = 0;
    std::size_t reads = 0;
    std::size_t terms = 0;
    std::size_t handovers = 0;
    std::size_t trims = 0;
    std::size_t catch_ups = 0;

    schedule_result& operator+=(const schedule_result& other);
};

/// The same seed gives the same schedule.
[[nodiscard]] schedule_result run_schedule(std::uint64_t seed, planted fault = planted::nothing);

}  // namespace coffer::test
