// Reads a replicated log entry by entry, by their numbers, and checks that each follows.
//
// The store may return an old state, since a member may be behind: then the log only seems to end
// earlier. Every entry that is read here is in the log.
//
// Thread safety: none.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "journal/batch.hpp"
#include "replication/key_value_store.hpp"
#include "replication/log_entry.hpp"
#include "replication/log_keys.hpp"

namespace coffer::replication {

/// Names what in the log or in the node's directory contradicts the other. Final: trying again does
/// not help.
class log_contradiction : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The log's tail in the store begins later than where this node is: it has to catch up from
/// another node.
class behind_the_tail : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

class log_reader {
public:
    /// Where it is: after this entry.
    struct place {
        std::uint64_t number = 0;
        std::uint64_t term = 0;
        std::uint64_t total_bytes = 0;
        journal::batch_position after{};
        entry_kind kind = entry_kind::log_begins;  ///< of that entry
        bool is_opening = false;  ///< the accounts of the first start are not all in the log yet
        std::chrono::milliseconds read_lease{0};  ///< that entry's: see log_entry.hpp
    };
    [[nodiscard]] static place after(const log_entry& one) noexcept {
        return {one.number, one.term,       one.total_bytes, one.after,
                one.kind,   one.is_opening, one.read_lease};
    }

    log_reader(key_value_store& store, log_keys keys, const ledger_id& ledger,
               key_value_store::timeout within);

    /// Finds, by bisection, the last entry after which the journal ends at `end`, as this node's
    /// does; an `end` of no records finds the entry before the first batch. store_error::none if it
    /// was found. After any other error, such as `unavailable` if the store returned too old a
    /// state, try again. Throws behind_the_tail; log_contradiction if the log has another history,
    /// or ends before `end`.
    [[nodiscard]] store_error find(const journal::batch_position& end);
    /// Why the last find had no answer, for people.
    [[nodiscard]] const std::string& why_not_found() const noexcept { return why_not_found_; }

    /// The next entries, in order; empty at the end of what the store returned. What they view is
    /// valid until the next call. Throws log_contradiction for an entry that is
    /// damaged, of another ledger, does not follow, or has a term below the one before it;
    /// behind_the_tail if the next entry was removed.
    [[nodiscard]] answer<std::vector<log_entry>> next();

    /// After the last entry that next has returned.
    [[nodiscard]] const place& now() const noexcept { return now_; }
    /// The store's revision when `next` read last: there may be an entry more after it.
    [[nodiscard]] std::int64_t revision() const noexcept { return revision_; }

private:
    /// The numbers of the first and of the last entry.
    struct bounds {
        std::uint64_t first = 0;
        std::uint64_t last = 0;
    };
    [[nodiscard]] answer<bounds> find_bounds();
    /// The place after one entry; `unavailable` if the store did not return it.
    [[nodiscard]] answer<place> place_of(std::uint64_t number);
    [[nodiscard]] log_entry decode(const key_value& one) const;
    /// Keeps the reason for why_not_found.
    template <class Value>
    [[nodiscard]] store_error no_answer(answer<Value> failed) {
        why_not_found_ = std::move(failed.reason);
        return failed.error;
    }
    void require_follows(const log_entry& one) const;
    [[noreturn]] void contradict(std::uint64_t number, const std::string& why) const;

    key_value_store& store_;
    const log_keys keys_;
    const ledger_id ledger_;
    const key_value_store::timeout within_;
    place now_;
    std::int64_t revision_ = 0;
    std::string why_not_found_;
    std::vector<key_value> read_;  // what the returned entries view
};

}  // namespace coffer::replication
