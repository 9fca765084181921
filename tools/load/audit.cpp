#include "load/audit.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace coffer::load {
namespace {

constexpr std::size_t most_sums = 1'000'000;

audit_result begin(const tally& counted, std::span<const funds> opening,
                   std::span<const funds> closing) {
    audit_result result;
    result.deposits_minor = counted.done_minor[place(operation::deposit)];
    result.withdrawals_minor = counted.done_minor[place(operation::withdraw)];
    result.captures_minor = counted.done_minor[place(operation::capture)];
    result.acknowledged =
        std::accumulate(counted.acknowledged.begin(), counted.acknowledged.end(), funds{});
    for (std::size_t i = 0; i != opening.size(); ++i)
        result.change += closing[i] - opening[i];
    return result;
}

/// Changes in doubt, of which any may have happened.
struct possible {
    std::vector<std::int64_t> booked_minor;
    std::vector<std::int64_t> held_minor;

    void add(const funds& change) {
        booked_minor.push_back(change.booked_minor);
        held_minor.push_back(change.held_minor);
    }
    /// Of the two, the less sure.
    [[nodiscard]] reach can_add_up_to(const funds& sum) const {
        const reach booked = can_add_up(booked_minor, sum.booked_minor);
        const reach held = can_add_up(held_minor, sum.held_minor);
        if (booked == reach::no || held == reach::no)
            return reach::no;
        return booked == reach::yes ? held : booked;
    }
};

}  // namespace

reach can_add_up(std::span<const std::int64_t> parts, std::int64_t sum) {
    std::vector<std::int64_t> sums{0};
    for (const std::int64_t part : parts) {
        if (sums.size() > most_sums) {
            std::int64_t lowest = 0;
            std::int64_t highest = 0;
            for (const std::int64_t one : parts)
                (one < 0 ? lowest : highest) += one;
            return sum >= lowest && sum <= highest ? reach::maybe : reach::no;
        }
        std::vector<std::int64_t> shifted{sums};
        for (std::int64_t& one : shifted)
            one += part;
        std::vector<std::int64_t> both;
        both.reserve(2 * sums.size());
        std::ranges::set_union(sums, shifted, std::back_inserter(both));
        sums = std::move(both);
    }
    return std::ranges::binary_search(sums, sum) ? reach::yes : reach::no;
}

audit_result audit_shared(const tally& counted, std::span<const funds> opening,
                          std::span<const funds> closing) {
    audit_result result = begin(counted, opening, closing);
    result.doubted = counted.doubts.size();
    std::unordered_map<std::size_t, possible> doubts;
    possible totals;
    for (const effects& one : counted.doubts) {
        funds total;
        for (const effect& part : one) {
            doubts[part.account].add(part.change);
            total += part.change;
        }
        totals.add(total);
    }
    for (std::size_t i = 0; i != opening.size(); ++i) {
        const funds off = closing[i] - opening[i] - counted.acknowledged[i];
        if (off == funds{})
            continue;
        const reach found = doubts[i].can_add_up_to(off);
        if (found == reach::no)
            result.deviations.push_back({i, off});
        else
            result.happened += off;
        if (found == reach::maybe)
            ++result.loose;
    }
    result.is_torn =
        result.deviations.empty() && totals.can_add_up_to(result.happened) == reach::no;
    return result;
}

audit_result audit_own(const tally& counted, std::span<expected_balances*> expected,
                       std::span<const funds> opening, std::span<const funds> closing) {
    audit_result result = begin(counted, opening, closing);
    for (expected_balances* const own : expected) {
        std::vector<observed_funds> seen;
        for (const std::size_t account : own->accounts_in_doubt())
            seen.push_back({account, closing[account]});
        static_cast<void>(own->resolve(seen));  // what does not fit shows below
        result.doubted += own->postings_in_doubt();
        result.happened += own->happened();
        result.wrong_answers += own->wrong_answers();
        for (std::size_t i = own->first(); i != own->first() + own->size(); ++i) {
            const funds off = closing[i] - own->of(i) + own->unexplained(i);
            if (off != funds{})
                result.deviations.push_back({i, off});
        }
    }
    return result;
}

}  // namespace coffer::load
