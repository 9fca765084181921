// Tries to become the leader: a lease, the leader's key, then an entry of its own as the barrier.
//
// The key alone proves nothing about what the node has read of the log. The barrier is appended
// after all entries that the node has read, and only if it is the next entry. So once it is in the
// log, the node has read every entry before it. Every append of an earlier leader has failed since
// the key was created.
//
// Thread safety: none.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/leadership.hpp"
#include "replication/key_value_store.hpp"
#include "replication/log_keys.hpp"
#include "replication/log_reader.hpp"
#include "replication/nonce.hpp"

namespace coffer::replication {

/// A term that was won: its barrier is in the log.
struct won_term {
    std::uint64_t number = 0;  ///< the create_revision of the leader's key
    std::int64_t lease = 0;
    std::chrono::seconds lease_time{0};
    log_reader::place barrier{};             ///< after the barrier
    bool was_handed_over = false;            ///< the entry before the barrier is `released`
    std::chrono::nanoseconds barrier_at{0};  ///< CLOCK_BOOTTIME, after its answer
    /// CLOCK_BOOTTIME from which on the node may answer and acknowledge.
    std::chrono::nanoseconds answer_from{0};

    /// `read_lease` and 10 % more: the clocks of two machines may differ so much in speed.
    [[nodiscard]] static constexpr std::chrono::nanoseconds wait_at_takeover(
        std::chrono::nanoseconds read_lease) noexcept {
        return read_lease + read_lease / 10;
    }
};

class campaign {
public:
    struct settings {
        std::string node;
        std::string url;  ///< to advertise
        ledger_id ledger{};
        std::chrono::seconds lease{3};
        std::chrono::milliseconds read_lease{1000};  ///< of this node; others may have another
        key_value_store::timeout within{1000};
        /// CLOCK_BOOTTIME; tests have another.
        std::function<std::chrono::nanoseconds()> boottime = &leadership::boottime;
        std::function<std::uint64_t()> random = &random_nonce;
    };

    campaign(key_value_store& store, log_keys keys, settings chosen);

    /// The node that leads now: the value of the leader's key in the store, and its revision.
    struct incumbent {
        std::string node;
        std::string url;
        std::int64_t revision = 0;
    };
    /// No value if there is none.
    [[nodiscard]] answer<std::optional<incumbent>> find_leader();

    /// Stands for leader if there is none: takes a lease and the key. True if the key is this
    /// node's now: then read on and call append_barrier until the barrier is in the log. After
    /// `unknown`, call it again, or withdraw.
    [[nodiscard]] answer<bool> stand();
    /// Appends the barrier after `read`: the place of a reader that found no more entries, once all
    /// that it read was applied. Returns no value if there are more entries: read and apply them,
    /// then call it again, as after `unknown`. After an error other than unknown and unavailable
    /// the key is lost: withdraw, and stand again. Throws log_contradiction if the store has lost
    /// the log.
    [[nodiscard]] answer<std::optional<won_term>> append_barrier(const log_reader::place& read);
    /// Gives up what stand has taken, as far as the store answers.
    void withdraw() noexcept;
    /// Renews the lease once, while the barrier is not in the log.
    void keep_alive() noexcept;

private:
    [[nodiscard]] std::string value_of_key() const;
    [[nodiscard]] std::chrono::milliseconds read_lease_after(const log_reader::place& read) const;
    void make_barrier(const log_reader::place& read);
    void forget_key() noexcept;
    [[nodiscard]] won_term won() const;

    key_value_store& store_;
    const log_keys keys_;
    const settings chosen_;
    granted_lease lease_{};
    std::uint64_t revision_ = 0;    // of the leader's key, while it is ours
    std::string barrier_;           // the entry that may be in the log already
    log_reader::place at_barrier_;  // the place after it
    bool is_handed_over_ = false;   // the entry before it is `released`
};

}  // namespace coffer::replication
