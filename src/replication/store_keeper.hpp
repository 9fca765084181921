// Keeps the store of a replicated ledger from filling: removes entries that nobody needs, compacts,
// gives free pages back, and ends an alarm of a full quota.
//
// One pass does what is to be done now, and may take long, since a member that is defragmented
// answers nothing else. So it has a thread of its own, while store_room.hpp is measured by another.
//
// The leader's passes do all of it. Where there is no leader, nobody can become one while the alarm
// is raised, as the store grants no lease. Then each standby does it, by transactions that compare
// that there is no leader's key.
//
// Guarantees     An entry is removed only if this node and a majority of the members have synced
//                it: see trimming.hpp for the others.
// Thread safety  pass is for one thread; the figures are for any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "replication/key_value_store.hpp"
#include "replication/log_keys.hpp"
#include "replication/members.hpp"
#include "replication/store_care.hpp"
#include "replication/store_room.hpp"
#include "replication/trimming.hpp"

namespace coffer::replication {

class store_keeper {
public:
    struct subject {
        key_value_store& store;
        store_care& care;
        store_room& room;
        log_keys keys;
        std::uint64_t tail_bytes = std::uint64_t{256} << 20;  ///< at most a quarter of the quota
        std::uint64_t term = 0;                               ///< of this leader; 0: a standby
        key_value_store::timeout within{1000};
        key_value_store::timeout compact_within{10'000};
        key_value_store::timeout defragment_within{30'000};
        /// Trimming does not wait for a node that catches up and has not reported for this time.
        std::chrono::nanoseconds patience = std::chrono::seconds{30};
        /// A warning is logged once the tail has been twice as long as it should be for this time.
        std::chrono::nanoseconds growth_patience = std::chrono::seconds{10};
        /// A pass that has begun ends after its next request once this returns true.
        std::function<bool()> is_stopping = [] { return false; };
    };

    explicit store_keeper(const subject& of);

    /// `last` is the last entry that this node knows to be in the log, `synced_entry` what its own
    /// files have, `now` a clock that goes on.
    void pass(const log_reader::place& last, std::uint64_t synced_entry,
              std::chrono::nanoseconds now);

    /// How many bytes of entries stay in the store.
    [[nodiscard]] std::uint64_t kept_bytes() const;
    /// Whether the store's alarm was raised when it was asked last.
    [[nodiscard]] bool is_alarmed() const noexcept {
        return is_alarmed_.load(std::memory_order_relaxed);  // a moment orders nothing
    }
    /// Bytes of entries behind the first, and how many entries were removed so far.
    [[nodiscard]] std::uint64_t tail_bytes() const noexcept { return log_.tail_bytes(); }
    [[nodiscard]] std::uint64_t removed() const noexcept { return log_.removed(); }

private:
    [[nodiscard]] bool look_for_alarm();
    [[nodiscard]] bool waits_for_a_node(const cluster_state& state, std::chrono::nanoseconds now);
    void trim(const cluster_state& state, const log_reader::place& last, std::uint64_t synced_entry,
              std::chrono::nanoseconds now, bool must_make_room);
    void report_growth(const cluster_state& state, std::chrono::nanoseconds now);
    void report_strangers(const cluster_state& state);
    void compact(std::int64_t revision);
    void defragment(bool is_urgent);
    void end_alarm();

    const subject of_;
    trimming log_;
    std::atomic<bool> is_alarmed_{false};
    std::uint64_t removed_before_ = 0;  // when it was compacted last
    std::int64_t compacted_ = 0;
    std::optional<std::chrono::nanoseconds> has_grown_since_;
    bool was_growth_logged_ = false;
    bool was_refusal_logged_ = false;
    // When the report of a node that catches up was first seen as it is.
    std::map<std::string, std::pair<std::int64_t, std::chrono::nanoseconds>> catching_up_;
    // The revision of the first report that was seen of each node that is no member; 0: logged.
    std::map<std::string, std::int64_t> strangers_;
};

}  // namespace coffer::replication
