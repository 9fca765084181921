// The accounts as the journal leaves them, for the audit: a ledger of its own, so that what the
// server's ledger does wrong it does not do wrong too.
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
    account_number account = 0;  ///< 0: there is none here
    std::uint64_t sequence = 0;  ///< of its last posting
    money balance;               ///< after it
    /// How many gaps the journal had when that was learnt. If it has more by now, the account may
    /// have had postings that are gone.
    std::uint16_t gaps = 0;
    bool from_snapshot = false;   ///< learnt from a snapshot and not from a record
    std::uint32_t listed_in = 0;  ///< the number of the comparison whose snapshot had it last
};
static_assert(sizeof(registered_account) == 32);

/// A hash table with linear probing at a load of three quarters at most. Nothing is ever removed.
/// Thread safety: none.
class account_register {
public:
    account_register() : account_register{smallest} {}

    /// The account, if need be a new one, which has sequence 0 then. It is good until the next
    /// call. Throws std::bad_alloc. `number` is not 0.
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

    /// The account; nothing if there is none. It is good until the next find_or_add.
    [[nodiscard]] registered_account* find(account_number number) noexcept {
        registered_account& found = place_of(number);
        return found.account == number && number != 0 ? &found : nullptr;
    }

    /// Has the memory fetched that find_or_add will look at first.
    void prefetch(account_number number) const noexcept {
        __builtin_prefetch(&places_[home(number)]);
    }

    [[nodiscard]] std::size_t size() const noexcept { return count_; }

    /// Calls `visitor(account)` for all of them, in no particular order.
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
    /// Where the account is, or where it would go.
    [[nodiscard]] registered_account& place_of(account_number number) noexcept {
        std::size_t place = home(number);
        while (places_[place].account != 0 && places_[place].account != number)
            place = (place + 1) & (capacity_ - 1);
        return places_[place];
    }
    // The places of a table twice as large are in the order of those of this one: so both are
    // visited from beginning to end.
    void grow() {
        account_register larger{capacity_ * 2};
        visit([&larger](const registered_account& one) { larger.place_of(one.account) = one; });
        larger.count_ = count_;
        *this = std::move(larger);
    }

    std::unique_ptr<array> memory_;
    registered_account* places_;  // its elements
    std::size_t capacity_;        // how many: a power of two
    std::size_t count_ = 0;       // of accounts
};

}  // namespace coffer::audit
