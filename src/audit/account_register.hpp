// Holds the accounts as the journal leaves them, for the audit: a table independent of the server's
// ledger, so that it does not share that one's faults.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include <coffer/account_number.hpp>
#include <coffer/detail/zeroed_array.hpp>
#include <coffer/money.hpp>

namespace coffer::audit {

struct registered_account {
    account_number account = 0;  ///< 0: an empty place
    std::uint64_t sequence = 0;  ///< of its last posting
    money balance;               ///< after it
    /// How many gaps the journal had before the last posting was read. If it has more by now, later
    /// postings of the account may be missing.
    std::uint16_t gaps = 0;
    bool from_snapshot = false;  ///< read from a snapshot, not from a record
    bool is_closed = false;
    std::uint32_t listed_in = 0;  ///< the last comparison whose snapshot lists the account
};
static_assert(sizeof(registered_account) == 32);

/// A hash table with linear probing and a load of at most three quarters. Accounts are never
/// removed. Thread safety: none.
class account_register {
public:
    account_register() : account_register{smallest} {}

    /// Returns the account, valid until the next call; a new one with sequence 0 if it is unknown.
    /// `number` is not 0. Throws std::bad_alloc.
    [[nodiscard]] registered_account& find_or_add(account_number number) {
        registered_account* found = &place_of(number);
        if (found->account != 0)
            return *found;
        if ((count_ + 1) * 4 > capacity_ * 3) {
            grow();
            found = &place_of(number);
        }
        ++count_;
        found->account = number;
        return *found;
    }

    /// Returns the account, valid until the next find_or_add; null if it is unknown.
    [[nodiscard]] registered_account* find(account_number number) const noexcept {
        registered_account& found = place_of(number);
        return found.account == number && number != 0 ? &found : nullptr;
    }

    /// Prefetches the memory that find_or_add reads first.
    void prefetch(account_number number) const noexcept {
        __builtin_prefetch(&places_[home(number)]);
    }

    [[nodiscard]] std::size_t size() const noexcept { return count_; }

    /// Calls `visitor(account)` for all accounts, in no particular order.
    template <class Visitor>
    void visit(Visitor&& visitor) const {
        for (std::size_t i = 0; i != capacity_; ++i)
            if (places_[i].account != 0)
                visitor(places_[i]);
    }

private:
    using array = coffer::detail::zeroed_array<registered_account>;

    static constexpr std::size_t smallest = 1024;

    explicit account_register(std::size_t capacity)
        : memory_{std::make_unique<array>(capacity)},
          places_{memory_->begin()},
          capacity_{capacity} {
        if (places_ == nullptr)
            throw std::bad_alloc{};
    }

    [[nodiscard]] std::size_t home(account_number number) const noexcept {
        // Multiplication by 2^64 / the golden ratio (Knuth, vol. 3, section 6.4): the high bits.
        const std::uint64_t product = number * 0x9e37'79b9'7f4a'7c15U;
        return static_cast<std::size_t>(product >> (64 - std::countr_zero(capacity_)));
    }
    /// Returns the place of the account, or the empty place where it belongs.
    [[nodiscard]] registered_account& place_of(account_number number) const noexcept {
        std::size_t place = home(number);
        while (places_[place].account != 0 && places_[place].account != number)
            place = (place + 1) & (capacity_ - 1);
        return places_[place];
    }
    // The accounts of a table twice as large are in the same order, so both tables are traversed
    // from beginning to end.
    void grow() {
        account_register larger{capacity_ * 2};
        visit([&larger](const registered_account& one) { larger.place_of(one.account) = one; });
        larger.count_ = count_;
        *this = std::move(larger);
    }

    std::unique_ptr<array> memory_;
    registered_account* places_;  // the elements of memory_
    std::size_t capacity_;        // of places: a power of two
    std::size_t count_ = 0;       // of accounts
};

}  // namespace coffer::audit
