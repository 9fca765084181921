// What the accounts of one connection must hold when nobody else posts to them.
//
// Every reply tells a balance, so every reply is checked against what this connection has been told
// before: a posting lost, doubled or made up shows at the next reply for its account.
//
// A request whose reply never came is in doubt. The server handles what comes through a connection
// in order, so of a run of requests in doubt a prefix has happened, and no other part of it: that
// leaves one possibility more than the run is long, and the balances of the accounts in it, read
// through a new connection, say which. Amounts are random, so the prefixes differ in what they come
// to. The old connection's bytes may be waiting inside the server even after that, and be handled
// later, when a reply does not fit: then what is left of the run is asked again. Two runs are
// remembered at most. What may be missed is a wrong balance that happens to differ from the right
// one by what a prefix of a run in doubt comes to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "load/operation.hpp"

namespace coffer::load {

/// A balance as it was read.
struct sighting {
    std::size_t account;
    std::int64_t balance_minor;
};

/// Thread safety: belongs to its connection. Accounts are named by their places in the run's list,
/// of which this keeps those from `first` on.
class own_books {
public:
    own_books(std::size_t first, std::span<const std::int64_t> opening_minor)
        : first_{first},
          balances_(opening_minor.begin(), opening_minor.end()),
          unexplained_(opening_minor.size()) {}

    [[nodiscard]] std::size_t first() const noexcept { return first_; }
    [[nodiscard]] std::size_t size() const noexcept { return balances_.size(); }

    /// Takes an answer into account; false if it is not what it had to be.
    bool answered(const request&, const answer&);

    /// The requests, in the order they were sent, of which no reply came.
    void lost(std::span<const request>);

    /// Whether balances are to be read before these accounts are used again.
    [[nodiscard]] bool in_doubt() const noexcept { return in_doubt_; }
    /// The accounts to read, in order.
    [[nodiscard]] std::vector<std::size_t> doubtful() const;

    /// Decides what happened of the requests in doubt; false if no possibility fits what was seen.
    bool settle(std::span<const sighting>);
    /// Where nothing fits: takes what was seen for true, and the difference for unexplained.
    void accept(std::span<const sighting>);

    [[nodiscard]] std::int64_t balance_minor(std::size_t account) const {
        return balances_[account - first_];
    }
    /// By how much the account is off for reasons unknown.
    [[nodiscard]] std::int64_t unexplained_minor(std::size_t account) const {
        return unexplained_[account - first_];
    }

    [[nodiscard]] std::uint64_t wrong_answers() const noexcept { return wrong_answers_; }
    [[nodiscard]] std::uint64_t doubted() const noexcept { return doubted_; }
    [[nodiscard]] std::uint64_t happened() const noexcept { return happened_; }
    /// What the requests in doubt that happened come to.
    [[nodiscard]] std::int64_t happened_minor() const noexcept { return happened_minor_; }

private:
    using run = std::deque<request>;
    static constexpr std::size_t most_runs = 2;

    [[nodiscard]] bool fits(const request&, const answer&) const;
    bool apply(const request&);
    template <class Fits>
    bool explain(std::size_t which, const Fits& fits);
    template <class Fits>
    bool explain(const Fits& fits);
    void take_prefix(run&, const std::vector<bool>& made);
    std::int64_t& balance(std::size_t account) { return balances_[account - first_]; }

    std::size_t first_;
    std::vector<std::int64_t> balances_;
    std::vector<std::int64_t> unexplained_;
    std::deque<run> runs_;  // the oldest first
    bool in_doubt_ = false;
    std::uint64_t wrong_answers_ = 0;
    std::uint64_t doubted_ = 0;
    std::uint64_t happened_ = 0;
    std::int64_t happened_minor_ = 0;
};

}  // namespace coffer::load
