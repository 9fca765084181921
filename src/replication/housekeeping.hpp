// What a node does beside following or leading: it reports how far it is, reads what the others
// report, and, as the leader, removes entries that nobody needs and keeps the store from filling.
//
// Guarantees     An entry is removed only if this leader and a majority of the members have synced
//                it, tail_bytes of entries stay behind it, and it is not the last. The transaction
//                that removes it compares the leader's key.
// Thread safety  For one thread; it has threads of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "engine/leadership.hpp"
#include "ops/vital_signs.hpp"
#include "replication/key_value_store.hpp"
#include "replication/log_keys.hpp"
#include "replication/node_report.hpp"
#include "replication/replicated_log.hpp"
#include "replication/replication_options.hpp"
#include "replication/store_care.hpp"

namespace coffer::replication {

class housekeeping {
public:
    /// The intervals of all that is done again and again. Tests have shorter ones.
    struct pace {
        std::chrono::milliseconds tick{100};         ///< how often the other times are checked
        std::chrono::milliseconds report_news{500};  ///< if the node has moved
        std::chrono::milliseconds report_anyway{10'000};
        std::chrono::milliseconds read_reports{1'000};
        std::chrono::milliseconds look_after{5'000};  ///< the store, if little was appended
        std::chrono::milliseconds look_after_a_tight_one{1'000};
    };
    struct subject {
        key_value_store& store;
        store_care& care;
        log_keys keys;
        const replication_options& options;
        leadership& rights;
        vital_signs& signs;
        std::function<node_report()> report;  ///< of this node; for any thread
        replicated_log* leading = nullptr;    ///< null: a standby
        std::uint64_t term = 0;               ///< of the leader; 0: a standby
        pace how_often{};
    };

    /// Starts. All that is referred to must outlive it. Throws std::system_error.
    explicit housekeeping(subject of);
    ~housekeeping();
    housekeeping(const housekeeping&) = delete;
    housekeeping& operator=(const housekeeping&) = delete;

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

}  // namespace coffer::replication
