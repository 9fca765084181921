// The figures of the log and its store for /metrics. Those of the nodes are in api/metrics.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "replication/replicated_log.hpp"
#include "replication/store_room.hpp"

namespace coffer::replication {

struct replication_figures {
    struct leader {
        const replicated_log& log;
        store_room::figures store;
        bool has_room = true;
        std::uint64_t tail_bytes = 0;
        std::uint64_t removed = 0;  ///< entries
    };

    std::uint64_t term = 0;  ///< of the leader, whichever node it is; 0: there is none
    std::size_t members = 0;
    bool is_alarmed = false;
    std::optional<leader> leading;  ///< of the leader alone
};

/// Appends them in the text format of Prometheus.
void append(const replication_figures& now, std::string& out);

}  // namespace coffer::replication
