// Which role this node has in a replicated ledger, until when it may answer, and what it knows of
// the other nodes. What replicates the ledger sets it, and the workers read it.
//
// Guarantees     may_answer is true for a leader only before the moment that answer_until has set,
//                by CLOCK_BOOTTIME, which goes on while the machine is suspended. A reply is right
//                if may_answer was true at any time between the arrival of its request and the
//                sending: what the ledger had then, no other node had gone beyond.
// Thread safety  All members are for any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace coffer {

enum class node_role : std::uint8_t {
    alone,    ///< the ledger is not replicated
    standby,  ///< it follows the log, and may be behind
    leader,   ///< it posts, while may_answer
};

/// What one node of the ledger reports of itself.
struct node_status {
    std::string name;
    std::string url;         ///< where clients reach it
    bool is_member = false;  ///< it counts for the majority without which nothing is trimmed
    bool is_leader = false;
    bool is_catching_up = false;       ///< it copies a journal, as the log's tail begins later
    std::uint64_t applied_record = 0;  ///< its ledger has every record up to this one
    std::uint64_t synced_record = 0;   ///< its files have every record up to this one
    std::uint64_t reported_ns = 0;     ///< UTC since 1970, by its clock
};

class leadership {
public:
    explicit leadership(node_role first = node_role::alone) noexcept : role_{first} {}
    leadership(const leadership&) = delete;
    leadership& operator=(const leadership&) = delete;

    [[nodiscard]] node_role role() const noexcept {
        return role_.load(std::memory_order_acquire);  // pairs with the release in become
    }
    /// Also withdraws what answer_until has allowed.
    void become(node_role one) noexcept;

    /// Whether anything may be said about the ledger as it is now. Always true for a node alone,
    /// never for a standby.
    [[nodiscard]] bool may_answer() const noexcept {
        const node_role now = role();
        return now == node_role::alone || (now == node_role::leader && may_answer_at(boottime()));
    }
    /// The same for a leader, where `now` is CLOCK_BOOTTIME.
    [[nodiscard]] bool may_answer_at(std::chrono::nanoseconds now) const noexcept {
        return now.count() < until_ns_.load(std::memory_order_relaxed);
    }
    /// Lets a leader answer until then. An earlier moment than before changes nothing.
    void answer_until(std::chrono::nanoseconds boottime) noexcept;
    /// From now on nothing is answered, until the role changes.
    void stop_answering() noexcept;

    /// CLOCK_BOOTTIME now.
    [[nodiscard]] static std::chrono::nanoseconds boottime() noexcept;

    /// What this node calls itself; empty for a node alone. Set before any thread reads it.
    void set_name(std::string name) { name_ = std::move(name); }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// Where clients reach the leader: empty where there is none, or it is not known.
    void set_leader_url(const std::string& url);
    [[nodiscard]] std::string leader_url() const;

    /// Of a standby: its ledger has every record up to this one, and was at the log's end at that
    /// time by CLOCK_BOOTTIME.
    struct position {
        std::uint64_t record = 0;
        std::chrono::nanoseconds at_end{0};
    };
    void set_applied(const position& now) noexcept;
    [[nodiscard]] position applied() const noexcept;
    /// For how long a standby has not known whether there is more.
    [[nodiscard]] std::chrono::nanoseconds age() const noexcept;

    void set_nodes(std::vector<node_status> nodes);
    [[nodiscard]] std::vector<node_status> nodes() const;

    /// Asks a leader to hand over. False at a standby or a node alone; true also if it was asked
    /// before.
    [[nodiscard]] bool ask_to_step_down() noexcept;
    [[nodiscard]] bool is_asked_to_step_down() const noexcept {
        return asked_to_step_down_.load(std::memory_order_relaxed);  // orders nothing
    }

private:
    std::string name_;
    std::atomic<node_role> role_;
    std::atomic<std::int64_t> until_ns_{0};  // CLOCK_BOOTTIME; relaxed: a moment orders nothing
    std::atomic<bool> asked_to_step_down_{false};
    // Two moments that belong together closely enough: record is set before at_end.
    std::atomic<std::uint64_t> applied_record_{0};
    std::atomic<std::int64_t> at_end_ns_{0};
    mutable std::mutex mutex_;  // of what follows
    std::string leader_url_;
    std::vector<node_status> nodes_;
};

}  // namespace coffer
