// Who sends a request, as a token proves it, and what it may do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <coffer/account_number.hpp>

namespace coffer::api {

/// What a client must be allowed to do to use a route.
enum class scope : std::uint8_t {
    anyone,  ///< needs no token
    read,    ///< balances, statements, lists, events, outcomes of keys, metrics
    post,    ///< postings, holds, transfers, batches
    open,    ///< opening, closing and reopening accounts
    admin,   ///< the operator's routes
};

class scope_set {
public:
    constexpr scope_set() = default;
    constexpr scope_set(std::initializer_list<scope> ones) {
        for (const scope one : ones)
            add(one);
    }
    constexpr void add(scope one) noexcept { bits_ |= bit(one); }
    /// True for scope::anyone.
    [[nodiscard]] constexpr bool has(scope one) const noexcept {
        return one == scope::anyone || (bits_ & bit(one)) != 0;
    }
    [[nodiscard]] constexpr bool is_empty() const noexcept { return bits_ == 0; }
    friend constexpr bool operator==(const scope_set&, const scope_set&) noexcept = default;

private:
    static constexpr unsigned bit(scope one) noexcept { return 1U << static_cast<unsigned>(one); }
    unsigned bits_ = 0;
};

/// Account numbers from `first` to `last`, both included.
struct account_range {
    account_number first = 0;
    account_number last = 0;
    friend bool operator==(const account_range&, const account_range&) noexcept = default;
};

/// The accounts that a token is for. Copies share their memory. Thread safety: as a value.
class account_ranges {
public:
    /// All accounts.
    account_ranges() = default;
    /// These alone, in any order; they may overlap. At least one.
    explicit account_ranges(std::vector<account_range> ones) {
        std::ranges::sort(ones, {}, &account_range::first);
        std::vector<account_range> apart;
        for (const account_range& one : ones) {
            if (!apart.empty() && one.first <= apart.back().last)
                apart.back().last = std::max(apart.back().last, one.last);
            else
                apart.push_back(one);
        }
        ranges_ = std::make_shared<const std::vector<account_range>>(std::move(apart));
    }

    [[nodiscard]] bool has_all() const noexcept { return ranges_ == nullptr; }
    [[nodiscard]] bool has(account_number one) const noexcept {
        if (has_all())
            return true;
        const auto after = std::ranges::upper_bound(*ranges_, one, {}, &account_range::first);
        return after != ranges_->begin() && one <= std::prev(after)->last;
    }

private:
    std::shared_ptr<const std::vector<account_range>> ranges_;  // sorted, apart from each other
};

/// The bearer of a token. Constant once made: workers share it. What outlives its request, a stream
/// or a sink, keeps a copy.
struct principal {
    /// 1 to 64 letters, digits, and `.`, `_`, `-`, `@`; the first a letter or a digit.
    std::string name;
    scope_set scopes{};
    account_ranges accounts{};
};

}  // namespace coffer::api
