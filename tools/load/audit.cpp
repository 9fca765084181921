#include "load/audit.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace coffer::load {
namespace {

constexpr std::size_t most_sums = 1'000'000;

audit_result begin(const tally& counted, std::span<const std::int64_t> opening_minor,
                   std::span<const std::int64_t> closing_minor) {
    audit_result result;
    result.deposits_minor = counted.deposits_minor;
    result.withdrawals_minor = counted.withdrawals_minor;
    for (std::size_t i = 0; i != opening_minor.size(); ++i)
        result.change_minor += closing_minor[i] - opening_minor[i];
    return result;
}

}  // namespace

std::int64_t audit_result::off_by_minor() const noexcept {
    return change_minor - (deposits_minor - withdrawals_minor + happened_minor);
}

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

audit_result audit_shared(const tally& counted, std::span<const std::int64_t> opening_minor,
                          std::span<const std::int64_t> closing_minor) {
    audit_result result = begin(counted, opening_minor, closing_minor);
    result.doubted = counted.doubts.size();
    std::unordered_map<std::size_t, std::vector<std::int64_t>> doubts;
    for (const doubt& one : counted.doubts)
        doubts[one.account].push_back(one.change_minor);
    for (std::size_t i = 0; i != opening_minor.size(); ++i) {
        const std::int64_t off =
            closing_minor[i] - opening_minor[i] - counted.acknowledged_minor[i];
        if (off == 0)
            continue;
        const reach found = can_add_up(doubts[i], off);
        if (found == reach::no)
            result.deviations.push_back({i, off});
        else
            result.happened_minor += off;
        if (found == reach::maybe)
            ++result.loose;
    }
    return result;
}

audit_result audit_own(const tally& counted, std::span<expected_balances*> expected,
                       std::span<const std::int64_t> opening_minor,
                       std::span<const std::int64_t> closing_minor) {
    audit_result result = begin(counted, opening_minor, closing_minor);
    for (expected_balances* const own : expected) {
        std::vector<observed_balance> seen;
        for (const std::size_t account : own->accounts_in_doubt())
            seen.push_back({account, closing_minor[account]});
        static_cast<void>(own->resolve(seen));  // what does not fit shows below
        result.doubted += own->postings_in_doubt();
        result.happened_minor += own->happened_minor();
        result.wrong_answers += own->wrong_answers();
        for (std::size_t i = own->first(); i != own->first() + own->size(); ++i) {
            const std::int64_t off =
                closing_minor[i] - own->balance_minor(i) + own->unexplained_minor(i);
            if (off != 0)
                result.deviations.push_back({i, off});
        }
    }
    return result;
}

}  // namespace coffer::load
