// What threads did to a ledger and saw of it, and whether a ledger could have answered so.
//
// The checks take linear time. That works because the ledger numbers each account's postings: the
// order it claims is written in its answers, and only has to be checked against the clock.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/stress/violation.hpp"

namespace coffer::stress {

/// Nanoseconds of the one clock that all threads share.
using moment = std::int64_t;

/// Counts instead of the clock where one thread runs at a time (see schedule.hpp); 0: the clock.
inline moment counted = 0;

[[nodiscard]] inline moment now() {
    return counted != 0 ? ++counted : std::chrono::steady_clock::now().time_since_epoch().count();
}

struct interval {
    moment invoked;
    moment responded;
};

/// What an answer said of one account: its index, and a state it had; sequence 0 and no balance
/// where it was not open.
struct sighting {
    std::size_t account;
    std::uint64_t sequence;
    std::int64_t balance_minor;  ///< what is booked
    std::int64_t held_minor = 0;
};

enum class posting_kind : std::uint8_t { change, opening, closing, reopening };

/// A posting made: the state after it, and by how much it changed the balance and what is held.
struct made {
    interval when;
    sighting after;
    std::int64_t gain_minor;
    posting_kind kind = posting_kind::change;
    std::int64_t held_gain_minor = 0;
};

/// A state seen, and whether the account was seen closed, if that was said.
struct seen {
    interval when;
    sighting state;
    std::optional<bool> is_closed{};
};

/// Postings made as one, to different accounts.
struct linked {
    std::vector<sighting> legs;
};

/// A hold: its account's index, and that account's sequence when it was placed.
struct hold_name {
    std::size_t account;
    std::uint64_t placed;

    friend auto operator<=>(const hold_name&, const hold_name&) = default;
};

/// A hold as it was at one sequence of its account.
struct hold_state {
    hold_name hold;
    std::uint64_t sequence;
    std::int64_t remaining_minor;
    std::int64_t captured_minor;
    std::uint8_t status;  ///< 0: open
    friend bool operator==(const hold_state&, const hold_state&) = default;
};

/// A transfer refused because one of its accounts was not open, without a word on which.
struct denied {
    interval when;
    std::size_t from;
    std::size_t to;
};

/// A cut: the states by account index, sequence 0 where an account was not in it; and how many were
/// in it, and their total, by its own account.
struct taken {
    interval when;
    std::vector<sighting> states;
    std::size_t accounts;
    std::int64_t total_minor;
    std::vector<hold_state> holds{};  ///< the sequences are the accounts' in the cut
};

struct history {
    std::vector<made> postings;
    std::vector<seen> reads;
    std::vector<linked> transfers;
    std::vector<hold_state> hold_changes;  ///< each by the posting of this sequence
    std::vector<hold_state> hold_reads;
    std::vector<hold_state> hold_denials;  ///< there is none: of these, name and sequence only
    std::vector<denied> denials;
    std::vector<taken> cuts;

    void append(const history& other);
};

/// What no ledger could have answered: at most a few of each kind, and none of what only a sound
/// sequence would give a meaning to where the sequences are not. `accounts` is how many there were.
[[nodiscard]] std::vector<violation> violations(const history& all, std::size_t accounts);

}  // namespace coffer::stress
