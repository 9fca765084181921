// Maps the accounts of one batch to the sequences that they have reached.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <coffer/account_number.hpp>

namespace coffer::journal {

/// A hash table that is cleared in time proportional to its entries, and keeps its memory. Linear
/// probing at a load of at most one half. Thread safety: none.
class sequence_map {
public:
    struct entry {
        account_number account;
        std::uint64_t sequence;
    };

    sequence_map() : places_(smallest, none) {}

    /// The account's sequence; 0 if it has none.
    [[nodiscard]] std::uint64_t find(account_number account) const noexcept {
        const std::uint32_t found = places_[place_of(account)];
        return found == none ? 0 : entries_[found].sequence;
    }

    void set(account_number account, std::uint64_t sequence) {
        const std::size_t place = place_of(account);
        if (places_[place] != none) {
            entries_[places_[place]].sequence = sequence;
            return;
        }
        places_[place] = static_cast<std::uint32_t>(entries_.size());
        entries_.push_back({account, sequence});
        if (entries_.size() * 2 > places_.size())
            grow();
    }

    /// All of them, in the order in which they came.
    [[nodiscard]] std::span<const entry> entries() const noexcept { return entries_; }

    void clear() noexcept {
        for (const entry& one : entries_)
            // Clears the whole run: once earlier entries are gone, probing no longer finds this
            // one.
            clear_from(home(one.account));
        entries_.clear();
    }

private:
    static constexpr std::size_t smallest = 1024;
    static constexpr std::uint32_t none = UINT32_MAX;

    [[nodiscard]] std::size_t home(account_number account) const noexcept {
        // Multiplication by 2^64 / the golden ratio (Knuth, vol. 3, section 6.4): the high bits.
        const std::uint64_t product = account * 0x9e37'79b9'7f4a'7c15U;
        return static_cast<std::size_t>(product >> (64 - std::countr_zero(places_.size())));
    }
    /// Where the account is, or would be put.
    [[nodiscard]] std::size_t place_of(account_number account) const noexcept {
        std::size_t place = home(account);
        while (places_[place] != none && entries_[places_[place]].account != account)
            place = (place + 1) % places_.size();
        return place;
    }
    void clear_from(std::size_t place) noexcept {
        for (; places_[place] != none; place = (place + 1) % places_.size())
            places_[place] = none;
    }
    void grow() {
        places_.assign(places_.size() * 2, none);
        for (std::uint32_t i = 0; i != entries_.size(); ++i)
            places_[place_of(entries_[i].account)] = i;
    }

    std::vector<std::uint32_t> places_;  // a power of two of them
    std::vector<entry> entries_;
};

}  // namespace coffer::journal
