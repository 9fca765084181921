// What threads did to a ledger and saw of it, and whether a ledger could have answered so.
//
// The checks take linear time. That works because the ledger numbers each account's postings: the
// order it claims is written in its answers, and only has to be checked against the clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/stress/violation.hpp"

namespace coffer::stress {

/// Nanoseconds of the one clock that all threads share.
using moment = std::int64_t;

[[nodiscard]] inline moment now() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
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
    std::int64_t balance_minor;
};

/// A posting made: the state after it, and by how much it changed the balance.
struct made {
    interval when;
    sighting after;
    std::int64_t gain_minor;
    bool opens;  ///< the account, which was not open before
};

/// A state seen.
struct seen {
    interval when;
    sighting state;
};

/// Two postings made as one.
struct linked {
    sighting from;
    sighting to;
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
};

struct history {
    std::vector<made> postings;
    std::vector<seen> reads;
    std::vector<linked> transfers;
    std::vector<denied> denials;
    std::vector<taken> cuts;

    void append(const history& other);
};

/// What no ledger could have answered: at most a few of each kind, and none of what only a sound
/// sequence would give a meaning to where the sequences are not. `accounts` is how many there were.
[[nodiscard]] std::vector<violation> violations(const history& all, std::size_t accounts);

}  // namespace coffer::stress
