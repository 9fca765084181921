#include "load/expected_balances.hpp"

#include <algorithm>

namespace coffer::load {
namespace {

/// The accounts whose balances a reply has, in order.
effects accounts_in_reply(const request& asked) {
    if (asked.what == operation::balance)
        return {{asked.account, {}}};
    return effects_of(asked);
}

}  // namespace

bool expected_balances::is_short(const request& asked) const {
    return std::ranges::any_of(effects_of(asked), [this](const effect& one) {
        return one.change.available_minor() < 0 &&
               (of(one.account) + one.change).available_minor() < 0;
    });
}

bool expected_balances::fits_done(const request& asked, const answer& given) const {
    const effects accounts = accounts_in_reply(asked);
    if (given.balances_minor.size() != accounts.size())
        return false;
    for (std::size_t i = 0; i != accounts.size(); ++i) {
        const funds after = of(accounts[i].account) + accounts[i].change;
        if (given.balances_minor[i] != after.booked_minor ||
            given.held_minor.value_or(after.held_minor) != after.held_minor)
            return false;
    }
    return true;
}

bool expected_balances::fits(const request& asked, const answer& given) const {
    switch (given.verdict) {
        case verdict::done:
            return !is_short(asked) && fits_done(asked, given);
        case verdict::insufficient_funds:
            return is_short(asked);
        case verdict::refused:
            break;
    }
    return true;
}

bool expected_balances::answered(const request& asked, const answer& given) {
    const bool right = fits(asked, given) || explain([&] { return fits(asked, given); });
    if (given.verdict == verdict::done)
        change(asked);
    if (right)
        return true;
    ++wrong_answers_;
    const effects accounts = accounts_in_reply(asked);
    for (std::size_t i = 0; i < std::min(accounts.size(), given.balances_minor.size()); ++i) {
        const std::size_t account = accounts[i].account;
        accept(account,
               {given.balances_minor[i], given.held_minor.value_or(of(account).held_minor)});
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
            for (const effect& part : effects_of(posting))
                accounts.push_back(part.account);
    std::ranges::sort(accounts);
    accounts.erase(std::unique(accounts.begin(), accounts.end()), accounts.end());
    return accounts;
}

bool expected_balances::resolve(std::span<const observed_funds> seen) {
    const bool settled = explain([&] {
        return std::ranges::all_of(
            seen, [this](const observed_funds& one) { return of(one.account) == one.found; });
    });
    if (settled)
        in_doubt_ = false;
    return settled;
}

void expected_balances::accept(std::span<const observed_funds> seen) {
    for (const observed_funds& one : seen)
        accept(one.account, one.found);
    runs_.clear();
    in_doubt_ = false;
}

void expected_balances::accept(std::size_t account, const funds& found) {
    unexplained_[account - first_] += found - of(account);
    funds_[account - first_] = found;
}

/// Applies the posting as the server does. Returns false if it is refused.
bool expected_balances::apply(const request& posting) {
    if (is_short(posting))
        return false;
    change(posting);
    return true;
}

void expected_balances::change(const request& posting) {
    for (const effect& one : effects_of(posting))
        funds_[one.account - first_] += one.change;
}

void expected_balances::change_back(const request& posting) {
    for (const effect& one : effects_of(posting))
        funds_[one.account - first_] -= one.change;
}

void expected_balances::take_prefix(run& from, const std::vector<bool>& made) {
    for (const bool happened : made) {
        if (happened) {
            ++happened_count_;
            for (const effect& one : effects_of(from.front()))
                happened_ += one.change;
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
            change_back(one[i]);
    return false;
}

}  // namespace coffer::load
