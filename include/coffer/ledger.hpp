// The ledger: opens accounts, posts to them and reads their balances. Start here.
//
//     coffer::ledger ledger;
//     if (!ledger.open(10001, coffer::money::from_minor(100'000)))
//         return;
//     const coffer::outcome paid = ledger.withdraw(10001, coffer::money::from_minor(25'000));
//     if (paid)
//         std::cout << coffer::to_string(paid.posting.balance) << '\n';  // 750.0
//
// Guarantees     every operation is atomic: it happens completely or not at all, and all threads
//                agree on the order of an account's postings. Money is exact; no balance is ever
//                below zero or above what 64 bits of cents hold.
// Limits         accounts are never closed. 2^44 - 1 postings an account.
// Thread safety  everything but construction and destruction may be called from any thread at once.
//
// Operations on an existing account do not throw, allocate or lock. They are lock-free: a posting
// is delayed only by what other threads complete on the same account, a posting, a transfer or a
// cut; a transfer also needs one of 255 records (see transfer.hpp). `open` may allocate if a part
// of the table is full; it is lock-free except for the allocator.
//
// Without exceptions (-fno-exceptions) the constructor aborts where it would throw std::bad_alloc,
// and a cut's visitor must not throw. If some translation units are compiled with exceptions and
// some without, either behaviour is possible.
//
// The usual macros of other headers (detail/macros_push.inc) do not affect these headers. If
// `minor` is a macro, write `(amount.minor)()`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include <coffer/account.hpp>
#include <coffer/account_table.hpp>
#include <coffer/cut.hpp>
#include <coffer/hold.hpp>
#include <coffer/money.hpp>
#include <coffer/posting.hpp>
#include <coffer/resumable_cut.hpp>
#include <coffer/transaction.hpp>
#include <coffer/transfer.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

enum class operation_kind : std::uint8_t { balance, deposit, withdraw };

/// One of many operations: see ledger::apply.
struct operation {
    operation_kind kind;
    account_number account;
    money amount;  ///< ignored for a balance
};

class ledger {
public:
    /// Zero means a default.
    struct options {
        std::size_t shards;             ///< the parts of the table, which grow separately
        std::size_t expected_accounts;  ///< allocated at first, 64 to 96 bytes an account
    };

    /// Throws std::bad_alloc (aborts without exceptions).
    explicit ledger(options chosen = {}) : accounts_{chosen.shards, chosen.expected_accounts} {}

    /// Opens an account with its first posting. Errors: no_such_account (the number is 0),
    /// invalid_amount (the opening balance is below zero), already_open, ledger_full.
    [[nodiscard]] outcome open(account_number number, money opening_balance = {}) noexcept {
        return insert({number, 1, opening_balance}, 0);
    }

    /// Opens an account in the state after `last`, one of its earlier postings, and notes that as
    /// durable. Errors: as open, and sequence_exhausted for an invalid sequence, such as 0.
    [[nodiscard]] outcome restore(posting last, account_status = account_status::open) noexcept {
        return insert(last, last.sequence);
    }

    /// Adds `amount` to the balance. Errors: invalid_amount (zero or less), no_such_account,
    /// balance_overflow, sequence_exhausted.
    [[nodiscard, gnu::__always_inline__]] inline outcome deposit(account_number number,
                                                                 money amount) noexcept;

    /// Subtracts `amount` from the balance. Errors: invalid_amount (zero or less), no_such_account,
    /// insufficient_funds, sequence_exhausted.
    [[nodiscard, gnu::__always_inline__]] inline outcome withdraw(account_number number,
                                                                  money amount) noexcept;

    /// Returns the account's last posting. Errors: no_such_account. Writes nothing.
    [[nodiscard]] outcome balance(account_number number) const noexcept;

    /// The two postings of a transfer, or why there are none.
    struct transfer_outcome {
        errc error;
        coffer::posting from;
        coffer::posting to;
        account_number culprit = 0;  ///< the account that a refusal is about
        explicit operator bool() const noexcept { return error == errc::ok; }
    };

    /// Moves `amount` from one account to another, as one step: no thread sees it in both or in
    /// neither. Errors: invalid_amount (zero or less), same_account, no_such_account,
    /// insufficient_funds, balance_overflow, sequence_exhausted; then neither account has changed,
    /// and the postings are the ones that decided, or empty.
    [[nodiscard]] transfer_outcome transfer(account_number from, account_number to,
                                            money amount) noexcept;

    // SKELETON: declared for others to build on; to be implemented.
    [[nodiscard]] transaction_outcome transact(std::span<const leg>) noexcept {
        return {errc::ledger_full};
    }
    struct account_outcome {
        errc error;
        account_view account;
        explicit operator bool() const noexcept { return error == errc::ok; }
    };
    [[nodiscard]] account_outcome look(account_number number) const noexcept {
        const outcome found = balance(number);
        return {found.error, {found.posting, account_status::open}};
    }
    [[nodiscard]] account_outcome close(account_number number) noexcept {
        return {errc::ledger_full, {{number, 0, {}}, account_status::open}};
    }
    [[nodiscard]] account_outcome reopen(account_number number) noexcept {
        return {errc::ledger_full, {{number, 0, {}}, account_status::open}};
    }
    /// The highest account number that was opened; 0: none.
    [[nodiscard]] account_number highest_account() const noexcept { return 0; }
    [[nodiscard]] hold_outcome place_hold(account_number number, money, std::int64_t = 0) noexcept {
        return {errc::ledger_full, {number, 0, {}}};
    }
    [[nodiscard]] hold_outcome find_hold(account_number number, hold_id) const noexcept {
        return {errc::no_such_hold, {number, 0, {}}};
    }
    [[nodiscard]] hold_outcome capture(account_number number, hold_id,
                                       const capture_request& = {}) noexcept {
        return {errc::ledger_full, {number, 0, {}}};
    }
    /// `ended_as`: released or expired.
    [[nodiscard]] hold_outcome release(account_number number, hold_id,
                                       hold_status = hold_status::released) noexcept {
        return {errc::ledger_full, {number, 0, {}}};
    }
    /// Forgets a hold that has ended: its slot is used again. False if it is not there or not ended.
    bool forget_hold(account_number, hold_id) noexcept { return false; }
    /// Holds in the order of their slots, after their accounts.
    [[nodiscard]] errc restore_hold(const hold&) noexcept { return errc::ledger_full; }
    struct hold_place {
        std::uint32_t slot = 0;
    };
    template <class Visitor>
    bool scan_holds(hold_place&, std::size_t, Visitor&&) const {
        return true;
    }
    /// Open, and ended but not forgotten.
    [[nodiscard]] std::size_t holds() const noexcept { return 0; }

    /// Does the operations in order, each as if called alone, but faster for many accounts, since
    /// it prefetches their memory. Other threads' operations may come in between. Stops at the end
    /// of the shorter span, and before an unknown kind. Returns how many it did.
    std::size_t apply(std::span<const operation> operations, std::span<outcome> outcomes) noexcept;

    /// Returns the sequence of the account's last posting that was noted as durable; 0 if there is
    /// none, or no such account. For a journal: the ledger itself does not use it.
    [[nodiscard]] std::uint64_t durable_sequence(account_number number) const noexcept {
        const slot at = accounts_.find(number);
        return at ? at.account->durable_sequence() : 0;
    }
    /// Notes the account's postings up to this sequence as durable. Called by one thread at a time,
    /// with rising sequences. Does nothing if there is no such account.
    void note_durable(account_number number, std::uint64_t sequence) noexcept {
        if (const slot at = accounts_.find(number))
            at.account->note_durable(sequence);
    }
    /// Prefetches the memory that an operation on the account reads first.
    void prefetch(account_number number) const noexcept { accounts_.prefetch(number); }

    /// The number of accounts.
    [[nodiscard]] std::size_t size() const noexcept { return accounts_.size(); }

    /// Calls `visitor(posting)` with each account's last posting in a consistent cut, in no
    /// particular order: with a posting all that happened before it, and of a transfer both legs
    /// or neither, so that the total is exact. Others go on posting; they never wait. First waits
    /// until no other cut is under way (a resumable one is overtaken in time: see cut_pace) and
    /// until 1 ms after the last cut began. If the visitor throws, it is not called again; the cut
    /// is completed, and then the exception is rethrown. The visitor must not call cut.
    template <class Visitor>
    cut_summary cut(Visitor&& visitor, cut_pace pace = {});

    /// Begins a cut that is visited step by step (see resumable_cut.hpp). Nothing if another cut is
    /// under way, unless that may be overtaken. Does not wait. The ledger must outlive the cut.
    [[nodiscard]] std::optional<resumable_cut> begin_cut(
        std::chrono::milliseconds idle_patience = cut_pace{}.idle_patience) noexcept {
        if (const auto holder = desk_.try_take(idle_patience))
            return resumable_cut{parts(), holder};
        return std::nullopt;
    }

    /// A place in scan's order of the accounts, at first its beginning.
    using scan_place = account_table::visit_place;

    /// Calls `visitor(number)` for the accounts from `from` on, in no particular order, in a step
    /// that looks at `max_slots` slots of the table at most. Returns whether that was the last.
    /// All steps together meet every account opened before the first, and perhaps others.
    template <class Visitor>
    bool scan(scan_place& from, std::size_t max_slots, Visitor&& visitor) const {
        return accounts_.visit_from(from, max_slots, [&visitor](slot at) {
            visitor(at.account->number());
            return true;
        });
    }

private:
    using slot = detail::account_slot;

    [[nodiscard]] detail::cut_parts parts() noexcept {
        return {accounts_, transfers_, epochs_, desk_};
    }
    [[nodiscard]] outcome insert(posting last, std::uint64_t durable_sequence) noexcept;
    template <class Change>
    [[nodiscard, gnu::__always_inline__]] inline outcome post(account_number number, money amount,
                                                              Change change) noexcept;
    template <class Change>
    [[nodiscard]] outcome post_in_steps(slot at, account_number number, money amount,
                                        Change change) noexcept;
    [[nodiscard]] account_state read_reserved(slot at) const noexcept;
    [[nodiscard]] account_state settled(slot at) noexcept;
    void settle(slot at, account_state state) noexcept;
    [[nodiscard]] bool in_current_epoch(slot at, account_state& state) noexcept;
    [[nodiscard]] errc check(account_state from, account_state to, money amount) const noexcept;
    [[nodiscard]] static bool is_ordinary(const detail::transfer_record::legs& legs,
                                          std::uint16_t epoch) noexcept;
    [[nodiscard]] static transfer_outcome posted(
        account_number from, account_number to, const detail::transfer_record::legs& legs) noexcept;
    [[nodiscard]] transfer_outcome transfer_in_steps(account_number from, account_number to,
                                                     money amount) noexcept;

    // Tests can plant bugs (detail/test_seams.hpp). In other programs such branches disappear.
    static constexpr bool epoch_first = detail::planted == detail::bug::epoch_before_state;

    account_table accounts_;
    detail::transfer_table transfers_{};
    detail::epoch_clock epochs_{};
    detail::cut_desk desk_{};
};

// Implementation details follow.

namespace detail {

/// Adds `amount` to the balance. Returns ok or balance_overflow.
[[nodiscard]] inline errc add(money& balance, money amount) noexcept {
    std::int64_t sum_minor = 0;
    if (__builtin_add_overflow(balance.minor(), amount.minor(), &sum_minor))
        return errc::balance_overflow;
    balance = money::from_minor(sum_minor);
    return errc::ok;
}

/// Subtracts `amount` from the balance; both are zero or more. Returns ok or insufficient_funds.
[[nodiscard]] inline errc subtract(money& balance, money amount) noexcept {
    if (balance < amount)
        return errc::insufficient_funds;
    balance = money::from_minor(balance.minor() - amount.minor());
    return errc::ok;
}

[[nodiscard]] inline posting posting_of(account_number number, account_state state) noexcept {
    return {number, state.sequence, state.balance};
}

}  // namespace detail

inline outcome ledger::insert(posting last, std::uint64_t durable_sequence) noexcept {
    if (last.account == 0)
        return {errc::no_such_account, last};
    if (last.balance < money{})
        return {errc::invalid_amount, last};
    if (last.sequence == 0 || last.sequence > account::max_sequence)
        return {errc::sequence_exhausted, last};
    const slot at = accounts_.find_or_insert(last.account);
    if (!at)
        return {errc::ledger_full, last};
    for (;;) {
        const account_state before = settled(at);
        if (before.sequence != 0)
            return {errc::already_open, detail::posting_of(last.account, before)};
        if (at.account->replace(before, {last.balance, last.sequence, 0, epochs_.now()})) {
            if (durable_sequence != 0)
                at.account->note_durable(durable_sequence);
            return {errc::ok, last};
        }
    }
}

/// Returns the account's state once it is not reserved by a transfer.
inline account_state ledger::settled(slot at) noexcept {
    for (;;) {
        const account_state state = at.account->load();
        if (state.transfer == 0)
            return state;
        settle(at, state);
    }
}

// Not inlined into postings, which mostly find the account not reserved. If it returned the next
// state, the compiler would keep all states in memory: a fifth slower.
[[gnu::__noinline__, gnu::__cold__]] inline void ledger::settle(slot at,
                                                                account_state state) noexcept {
    transfers_.settle(*at.account, state);
}

// `change` turns the balance into the next one, or returns an error. It is called again for each
// posting of another thread that comes first.
//
// Nearly all postings are the common case, in few instructions: so few that a processor overlaps
// the cache misses of several. All others continue in post_in_steps. Inlined into its caller, which
// some compilers would not do by themselves: a fifth faster.
template <class Change>
outcome ledger::post(account_number number, money amount, Change change) noexcept {
    if (amount <= money{})
        return {errc::invalid_amount, {number, 0, {}}};
    const slot at = accounts_.find(number);
    if (!at)
        return {errc::no_such_account, {number, 0, {}}};
    const std::uint16_t too_early = epoch_first ? epochs_.now() : std::uint16_t{0};
    const detail::double_word found = at.account->glimpse();
    COFFER_TEST_STEP();
    const std::uint16_t epoch = epoch_first ? too_early : epochs_.now();
    money balance = money::from_minor(static_cast<std::int64_t>(found.first));
    const std::uint64_t next = detail::next_posting(found.second);
    if (detail::is_ordinary(found.second, epoch) && change(balance, amount) == errc::ok)
        [[likely]] {
        if (at.account->replace(found, {static_cast<std::uint64_t>(balance.minor()), next}) ||
            detail::planted == detail::bug::lost_retry) [[likely]]
            return {errc::ok, {number, next >> detail::sequence_shift, balance}};
    }
    return post_in_steps(at, number, amount, change);
}

template <class Change>
[[gnu::__noinline__, gnu::__cold__]] outcome ledger::post_in_steps(slot at, account_number number,
                                                                   money amount,
                                                                   Change change) noexcept {
    for (;;) {
        const std::uint16_t too_early = epoch_first ? epochs_.now() : std::uint16_t{0};
        const account_state before = settled(at);
        COFFER_TEST_STEP();
        const std::uint16_t epoch = epoch_first ? too_early : epochs_.now();
        if (before.sequence == 0)
            return {errc::no_such_account, detail::posting_of(number, before)};
        if (before.sequence == account::max_sequence)
            return {errc::sequence_exhausted, detail::posting_of(number, before)};
        account_state after{before.balance, before.sequence + 1, 0, epoch};
        if (const errc error = change(after.balance, amount); error != errc::ok)
            return {error, detail::posting_of(number, before)};
        if (before.epoch != epoch) {
            detail::move_group(at, epochs_);
            if (!detail::save_before(at, before, epoch))
                continue;
        }
        if (at.account->replace(before, after) || detail::planted == detail::bug::lost_retry)
            return {errc::ok, detail::posting_of(number, after)};
    }
}

inline outcome ledger::deposit(account_number number, money amount) noexcept {
    return post(number, amount, detail::add);
}

inline outcome ledger::withdraw(account_number number, money amount) noexcept {
    return post(number, amount, detail::subtract);
}

inline outcome ledger::balance(account_number number) const noexcept {
    const slot at = accounts_.find(number);
    if (!at)
        return {errc::no_such_account, {number, 0, {}}};
    account_state state = at.account->load();
    if (state.transfer != 0) [[unlikely]]
        state = read_reserved(at);
    return {state.sequence == 0 ? errc::no_such_account : errc::ok,
            detail::posting_of(number, state)};
}

[[gnu::__noinline__, gnu::__cold__]] inline account_state ledger::read_reserved(
    slot at) const noexcept {
    return transfers_.read(*at.account);
}

inline std::size_t ledger::apply(std::span<const operation> operations,
                                 std::span<outcome> outcomes) noexcept {
    constexpr std::size_t ahead = 16;  // hides a cache miss, and stays in the cache
    const std::size_t count =
        operations.size() < outcomes.size() ? operations.size() : outcomes.size();
    for (std::size_t i = 0; i != count && i != ahead; ++i)
        accounts_.prefetch(operations[i].account);
    for (std::size_t i = 0; i != count; ++i) {
        if (i + ahead < count)
            accounts_.prefetch(operations[i + ahead].account);
        const operation& one = operations[i];
        // No switch: for one over all kinds some compilers warn without a default, others with one.
        if (one.kind == operation_kind::balance)
            outcomes[i] = balance(one.account);
        else if (one.kind == operation_kind::deposit)
            outcomes[i] = deposit(one.account, one.amount);
        else if (one.kind == operation_kind::withdraw)
            outcomes[i] = withdraw(one.account, one.amount);
        else
            return i;
    }
    return count;
}

template <class Visitor>
cut_summary ledger::cut(Visitor&& visitor, cut_pace pace) {
    resumable_cut mine{parts(), desk_.take(pace.patience, pace.idle_patience)};
    std::exception_ptr failure;
    std::size_t since_rest = 0;
    const auto visit = [&](const posting& taken) {
#if defined(__cpp_exceptions)
        try {
            if (!failure)
                visitor(taken);
        } catch (...) {
            failure = std::current_exception();
        }
#else
        visitor(taken);
#endif
    };
    while (mine.next(cut_pace::accounts, visit) == resumable_cut::state::more) {
        if (!mine.has_begun())
            std::this_thread::sleep_until(desk_.not_before);
        since_rest += mine.moved_;
        if (since_rest >= cut_pace::accounts && pace.rest.count() > 0) {
            std::this_thread::sleep_for(pace.rest);
            since_rest = 0;
        }
    }
    if (failure)
        std::rethrow_exception(failure);
    return mine.summary();
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>

#include <coffer/detail/ledger_transfer.hpp>
