#include "load/expected_balances.hpp"

#include <algorithm>

namespace coffer::load {

bool expected_balances::fits(const request& asked, const answer& given) const {
    const std::int64_t before = balances_[asked.account - first_];
    const bool is_short = asked.what == operation::withdraw && asked.amount_minor > before;
    switch (given.verdict) {
        case verdict::done:
            return !is_short && given.balance_minor == before + change_minor(asked);
        case verdict::insufficient_funds:
            return is_short;
        case verdict::refused:
            break;
    }
    return true;
}

bool expected_balances::answered(const request& asked, const answer& given) {
    const bool right = fits(asked, given) || explain([&] { return fits(asked, given); });
    std::int64_t& known = balance(asked.account);
    if (given.verdict == verdict::done)
        known += change_minor(asked);
    if (right)
        return true;
    ++wrong_answers_;
    if (given.balance_minor && *given.balance_minor != known) {
        unexplained_[asked.account - first_] += *given.balance_minor - known;
        known = *given.balance_minor;
    }
    return false;
}

void expected_balances::lost(std::span<const request> requests) {
    run postings;
    std::ranges::copy_if(requests, std::back_inserter(postings),
                         [](const request& one) { return one.what != operation::balance; });
    if (postings.empty())
        return;
    doubted_ += postings.size();
    in_doubt_ = true;
    runs_.push_back(std::move(postings));
    if (runs_.size() > most_runs)
        runs_.pop_front();
}

std::vector<std::size_t> expected_balances::accounts_in_doubt() const {
    std::vector<std::size_t> accounts;
    for (const run& one : runs_)
        for (const request& posting : one)
            accounts.push_back(posting.account);
    std::ranges::sort(accounts);
    accounts.erase(std::unique(accounts.begin(), accounts.end()), accounts.end());
    return accounts;
}

bool expected_balances::resolve(std::span<const observed_balance> seen) {
    const bool settled = explain([&] {
        return std::ranges::all_of(seen, [this](const observed_balance& one) {
            return balance_minor(one.account) == one.balance_minor;
        });
    });
    if (settled)
        in_doubt_ = false;
    return settled;
}

void expected_balances::accept(std::span<const observed_balance> seen) {
    for (const observed_balance& one : seen) {
        unexplained_[one.account - first_] += one.balance_minor - balance(one.account);
        balance(one.account) = one.balance_minor;
    }
    runs_.clear();
    in_doubt_ = false;
}

/// Applies the posting as the server does. Returns false if it is refused.
bool expected_balances::apply(const request& posting) {
    std::int64_t& known = balance(posting.account);
    const std::int64_t after = known + change_minor(posting);
    if (after < 0)
        return false;
    known = after;
    return true;
}

void expected_balances::take_prefix(run& from, const std::vector<bool>& made) {
    for (const bool happened : made) {
        if (happened) {
            ++happened_;
            happened_minor_ += change_minor(from.front());
        }
        from.pop_front();
    }
}

template <class Fits>
bool expected_balances::explain(const Fits& fits) {
    if (!explain(0, fits))
        return false;
    std::erase_if(runs_, [](const run& one) { return one.empty(); });
    return true;
}

// Tries every prefix of each run, in the order in which the runs were sent. If one fits, its
// balances stay; otherwise they are restored.
template <class Fits>
bool expected_balances::explain(std::size_t which, const Fits& fits) {
    if (which == runs_.size())
        return fits();
    run& one = runs_[which];
    std::vector<bool> made;
    for (;;) {
        if (explain(which + 1, fits)) {
            take_prefix(one, made);
            return true;
        }
        if (made.size() == one.size())
            break;
        made.push_back(apply(one[made.size()]));
    }
    for (std::size_t i = made.size(); i-- != 0;)
        if (made[i])
            balance(one[i].account) -= change_minor(one[i]);
    return false;
}

}  // namespace coffer::load
