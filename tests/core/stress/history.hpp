// What threads did to a ledger and saw of it, and whether a ledger could have answered so.
//
// The checks take linear time. That works because the ledger numbers each account's postings: the
// order it claims is written in its answers, and only has to be checked against the clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

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

/// What an answer said of one account: its index, and a state it had.
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

/// A cut: the states by account index; sequence 0 where an account was not in it.
struct taken {
    interval when;
    std::vector<sighting> states;
    std::int64_t total_minor;
};

struct history {
    std::vector<made> postings;
    std::vector<seen> reads;
    std::vector<linked> transfers;
    std::vector<taken> cuts;

    void append(const history& other);
};

/// Everything that no ledger could have answered, a line each; at most a few of them. `accounts` is
/// how many there were.
[[nodiscard]] std::vector<std::string> violations(const history& all, std::size_t accounts);

}  // namespace coffer::stress
