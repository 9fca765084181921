// The log of a ledger that is replicated, as its leader appends to it: an entry of the store for
// each batch, and a copy in this node's files, from which it is read.
//
// Guarantees     wait_durable returns ok for a batch once the store has it, and not before. The
//                entry is put by a transaction that compares three things: that the leader's key is
//                the one of this term, that there is no entry of its number, and that there is one
//                of the number before. All safety is in these: an append after another node has
//                taken over, or into a place that was trimmed, changes nothing.
//                A transaction without an answer is `unknown`, and resolved by sending the same
//                bytes with the same comparisons again: the entry is there if it has our checksum;
//                it never will be, only if the place is another's or the leader's key is.
// Thread safety  As batch_log; besides, beat, confirm and release are for the thread that calls
//                them: see there.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "engine/leadership.hpp"
#include "journal/batch_log.hpp"
#include "replication/campaign.hpp"
#include "replication/key_value_store.hpp"
#include "replication/local_copy.hpp"
#include "replication/log_keys.hpp"

namespace coffer::replication {

class replicated_log final : public journal::batch_log {
public:
    struct settings {
        std::string node;
        won_term term{};
        std::chrono::milliseconds read_lease{1000};
        key_value_store::timeout within{1000};
        std::function<std::chrono::nanoseconds()> boottime = &leadership::boottime;
        std::function<std::uint64_t()> random{};
    };

    /// `files` is this node's journal, which ends where the term begins. All must outlive this.
    replicated_log(key_value_store& store, log_keys keys, journal::batch_log& files,
                   leadership& rights, settings chosen);

    // Reading is of this node's files, which have all that is durable.
    // ... as batch_log declares it (see the implementation)

    /// Compares as an append does, and appends nothing: renews the right to answer. To be called
    /// every settings.beat by a thread of its own. False if the term is over for good.
    [[nodiscard]] bool beat();
    /// Appends that this term ends by this node's own will. After the last append; the node answers
    /// nothing any more. False if it did not succeed.
    [[nodiscard]] bool release();

    /// After the last entry that is known to be in the log. For any thread.
    [[nodiscard]] log_reader::place reached() const;
    /// Whether the store has room: housekeeping sets it. While it is false, room_bytes is 0.
    void set_store_has_room(bool has_room) noexcept;
};

}  // namespace coffer::replication
