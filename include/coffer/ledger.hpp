// The ledger: start here.
//
//     coffer::ledger ledger;
//     ledger.open(10001, coffer::money::from_minor(100'000));
//     const coffer::outcome paid = ledger.withdraw(10001, coffer::money::from_minor(25'000));
//     if (paid)
//         std::cout << coffer::to_string(paid.posting.balance) << '\n';  // 750.0
//
// Guarantees     every operation is one atomic step: it happened wholly or not at all, and all
//                threads agree on the order of an account's postings. Money is exact; no balance is
//                ever below zero or above what 64 bits of cents hold.
// Limits         accounts are never closed. 2^46 - 1 postings an account.
// Thread safety  everything but construction and destruction may be called from any thread at once.
//
// Operations on an account that is there do not throw, allocate or lock. They are lock-free: a
// thread is kept from its posting only by another thread's posting to the same account. `open` may
// allocate when it meets a full part of the table; it is lock-free but for what the allocator does.
#pragma once

#include <cstddef>
#include <cstdint>

#include <coffer/account.hpp>
#include <coffer/account_table.hpp>
#include <coffer/money.hpp>
#include <coffer/posting.hpp>

namespace coffer {

class ledger {
public:
    /// Zero, in either, leaves the choice to the ledger.
    struct options {
        std::size_t shards;             ///< parts that the table grows by
        std::size_t expected_accounts;  ///< room made from the start, about 64 bytes an account
    };

    /// Throws std::bad_alloc.
    explicit ledger(options chosen = {}) : accounts_{chosen.shards, chosen.expected_accounts} {}

    /// Opens an account with its first posting. Errors: no_such_account (the number is 0),
    /// invalid_amount (the opening balance is below zero), already_open, ledger_full.
    [[nodiscard]] outcome open(account_number number, money opening_balance = {}) noexcept {
        return restore({number, 1, opening_balance});
    }

    /// Opens an account as it was after `last`, one of its earlier postings. Errors: as open.
    [[nodiscard]] outcome restore(posting last) noexcept;

    /// Adds `amount` to the balance. Errors: invalid_amount (zero or less), no_such_account,
    /// balance_overflow, ledger_full (the account's sequence is used up).
    [[nodiscard]] outcome deposit(account_number number, money amount) noexcept;

    /// Takes `amount` from the balance. Errors: invalid_amount (zero or less), no_such_account,
    /// insufficient_funds, ledger_full (the account's sequence is used up).
    [[nodiscard]] outcome withdraw(account_number number, money amount) noexcept;

    /// The account's last posting. Errors: no_such_account. Writes nothing, not even a cache line.
    [[nodiscard]] outcome balance(account_number number) const noexcept;

    /// How many accounts there are.
    [[nodiscard]] std::size_t size() const noexcept { return accounts_.size(); }

    /// Calls `visitor(posting)` with the last posting of every account, in no particular order,
    /// while others go on posting: each is right by itself, but no two need be of the same moment.
    template <class Visitor>
    void visit(Visitor&& visitor) const;

private:
    account_table accounts_;
};

// Implementation details follow.

inline outcome ledger::restore(posting last) noexcept {
    if (last.account == 0)
        return {errc::no_such_account, last};
    if (last.balance < money{})
        return {errc::invalid_amount, last};
    if (last.sequence == 0 || last.sequence > account::max_sequence)
        return {errc::ledger_full, last};
    account* const slot = accounts_.find_or_insert(last.account);
    if (slot == nullptr)
        return {errc::ledger_full, last};
    return slot->open({last.balance, last.sequence});
}

inline outcome ledger::deposit(account_number number, money amount) noexcept {
    if (amount <= money{})
        return {errc::invalid_amount, {number, 0, {}}};
    account* const found = accounts_.find(number);
    return found != nullptr ? found->deposit(amount)
                            : outcome{errc::no_such_account, {number, 0, {}}};
}

inline outcome ledger::withdraw(account_number number, money amount) noexcept {
    if (amount <= money{})
        return {errc::invalid_amount, {number, 0, {}}};
    account* const found = accounts_.find(number);
    return found != nullptr ? found->withdraw(amount)
                            : outcome{errc::no_such_account, {number, 0, {}}};
}

inline outcome ledger::balance(account_number number) const noexcept {
    const account* const found = accounts_.find(number);
    if (found == nullptr)
        return {errc::no_such_account, {number, 0, {}}};
    const account_state state = found->load();
    return {state.sequence == 0 ? errc::no_such_account : errc::ok,
            {number, state.sequence, state.balance}};
}

template <class Visitor>
void ledger::visit(Visitor&& visitor) const {
    accounts_.visit([&visitor](const account& each) {
        if (const account_state state = each.load(); state.sequence != 0)
            visitor(posting{each.number(), state.sequence, state.balance});
    });
}

}  // namespace coffer
