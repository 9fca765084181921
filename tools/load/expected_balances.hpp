// The balances that the accounts of one connection must have, if only that connection posts to
// them.
//
// Every reply has a balance, so every reply is checked against the replies before: a posting that
// was lost, doubled or invented shows at the next reply for its account.
//
// A request without a reply is in doubt. The server handles the requests of a connection in order,
// so of a run of requests in doubt exactly a prefix was executed. What its accounts have, read
// through a new connection, shows which prefix: amounts are random, so the sums of the prefixes
// differ. Bytes of the old connection may still wait in the server after that and be handled later;
// when a reply does not match, the rest of the run is considered again. At most two runs are
// remembered. A wrong balance is missed only if it differs from the right one by the sum of a
// prefix of a run in doubt.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "load/operation.hpp"

namespace coffer::load {

/// What an account has, as it was read from the server.
struct observed_funds {
    std::size_t account;
    funds found;
};

/// Accounts are identified by their places in the list of the run; this has those from `first` on.
/// Thread safety: none; belongs to its connection.
class expected_balances {
public:
    expected_balances(std::size_t first, std::span<const funds> opening)
        : first_{first}, funds_(opening.begin(), opening.end()), unexplained_(opening.size()) {}

    [[nodiscard]] std::size_t first() const noexcept { return first_; }
    [[nodiscard]] std::size_t size() const noexcept { return funds_.size(); }

    /// Checks an answer and applies it. Returns false if it is not the expected one.
    bool answered(const request&, const answer&);

    /// Adds requests without a reply, in the order they were sent.
    void lost(std::span<const request>);

    /// Whether balances must be read before these accounts are used again.
    [[nodiscard]] bool in_doubt() const noexcept { return in_doubt_; }
    /// The accounts to read, in order.
    [[nodiscard]] std::vector<std::size_t> accounts_in_doubt() const;

    /// Decides which requests in doubt were executed. Returns false if no prefix matches what was
    /// read.
    bool resolve(std::span<const observed_funds>);
    /// If no prefix matches: takes over what was read, and notes the differences as unexplained.
    void accept(std::span<const observed_funds>);

    [[nodiscard]] const funds& of(std::size_t account) const { return funds_[account - first_]; }
    /// The unexplained difference of the account.
    [[nodiscard]] const funds& unexplained(std::size_t account) const {
        return unexplained_[account - first_];
    }

    [[nodiscard]] std::uint64_t wrong_answers() const noexcept { return wrong_answers_; }
    [[nodiscard]] std::uint64_t postings_in_doubt() const noexcept { return doubted_; }
    [[nodiscard]] std::uint64_t happened_count() const noexcept { return happened_count_; }
    /// What the executed requests in doubt changed, over all accounts.
    [[nodiscard]] const funds& happened() const noexcept { return happened_; }

private:
    using run = std::deque<request>;
    static constexpr std::size_t most_runs = 2;

    [[nodiscard]] bool is_short(const request&) const;
    [[nodiscard]] bool fits(const request&, const answer&) const;
    [[nodiscard]] bool fits_done(const request&, const answer&) const;
    void accept(std::size_t account, const funds& found);
    bool apply(const request&);
    void change(const request&);
    void change_back(const request&);
    template <class Fits>
    bool explain(std::size_t which, const Fits& fits);
    template <class Fits>
    bool explain(const Fits& fits);
    void take_prefix(run&, const std::vector<bool>& made);

    std::size_t first_;
    std::vector<funds> funds_;
    std::vector<funds> unexplained_;
    std::deque<run> runs_;  // the oldest first
    bool in_doubt_ = false;
    std::uint64_t wrong_answers_ = 0;
    std::uint64_t doubted_ = 0;
    std::uint64_t happened_count_ = 0;
    funds happened_;
};

}  // namespace coffer::load
