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
//                below zero or above what 64 bits of cents hold, and no more is ever held of an
//                account than it has. Of all that would end a hold, one succeeds.
// Limits         2^42 - 1 postings an account, 8 accounts a transaction, 2^32 - 1 holds at once.
// Thread safety  everything but construction, destruction, restore, restore_hold and advance may be
//                called from any thread at once. Those: before any other thread uses the ledger.
//
// Operations on an existing account do not throw, allocate or lock, except that placing a hold
// allocates when there are more holds than ever before. They are lock-free: a posting is delayed
// only by what other threads complete on the same account, a posting, a transaction or a cut; a
// transaction also needs one of 255 records (see detail/transaction_table.hpp), and so does what
// changes a hold. `open` may allocate if a part of the table is full; it is lock-free except for
// the allocator.
//
// A hold sets a part of an account's balance aside. The balance stays what is booked; what is held
// of it cannot be withdrawn until the hold has ended. Only accounts that have holds pay for them.
//
// An operation can be conditional (if_sequence): it posts only if the account's last posting has
// the sequence that the caller expects. That is decided by the compare-and-swap that posts or,
// where several words change, reserves the account. Otherwise it is refused as sequence_mismatch,
// with the account's last posting. Errors that need no account, and no_such_account, are checked
// before the condition, all others after it.
//
// A refusal's postings, and its hold, are what it was decided by, all of one moment.
//
// Without exceptions (-fno-exceptions) the constructor aborts where it would throw std::bad_alloc,
// and a cut's visitor must not throw. If some translation units are compiled with exceptions and
// some without, either behaviour is possible.
//
// The usual macros of other headers (detail/macros_push.inc) do not affect these headers. If
// `minor` is a macro, write `(amount.minor)()`; if `close` is one of one argument, write
// `(ledger.close)(number, condition)`.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <coffer/account.hpp>
#include <coffer/account_table.hpp>
#include <coffer/cut.hpp>
#include <coffer/detail/account_reading.hpp>
#include <coffer/detail/transaction_table.hpp>
#include <coffer/hold.hpp>
#include <coffer/hold_table.hpp>
#include <coffer/money.hpp>
#include <coffer/posting.hpp>
#include <coffer/resumable_cut.hpp>
#include <coffer/transaction.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

enum class operation_kind : std::uint8_t { balance, deposit, withdraw };

class hold_follower;  // hold_follower.hpp
namespace detail {
struct hold_change;
struct hold_effect;
}  // namespace detail

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
        return insert({number, 1, opening_balance}, 0, account_status::open);
    }

    /// Opens an account in the state after `last`, one of its earlier postings, and notes that as
    /// durable. Its holds, if `last` has any, are restored after it. Errors: as open, and
    /// invalid_amount if more is held than booked, or if a closed account has a balance,
    /// sequence_exhausted for an invalid sequence, such as 0.
    [[nodiscard]] outcome restore(posting last,
                                  account_status status = account_status::open) noexcept {
        return insert(last, last.sequence, status);
    }

    /// Adds `amount` to the balance. Errors: invalid_amount (zero or less), no_such_account,
    /// sequence_mismatch, account_closed, balance_overflow, sequence_exhausted.
    [[nodiscard, gnu::__always_inline__]] inline outcome deposit(
        account_number number, money amount, if_sequence condition = {}) noexcept;

    /// Subtracts `amount` from the balance. Errors: invalid_amount (zero or less), no_such_account,
    /// sequence_mismatch, account_closed, insufficient_funds (less is available),
    /// sequence_exhausted.
    [[nodiscard, gnu::__always_inline__]] inline outcome withdraw(
        account_number number, money amount, if_sequence condition = {}) noexcept;

    /// Returns the account's last posting. Errors: no_such_account. Writes nothing, unless the
    /// account has holds: then a transaction that has reserved it is completed first.
    [[nodiscard]] outcome balance(account_number number) const noexcept;

    struct account_outcome {
        errc error;
        account_view account;
        explicit operator bool() const noexcept { return error == errc::ok; }
    };

    /// As balance, with the account's status.
    [[nodiscard]] account_outcome look(account_number number) const noexcept;

    /// Closes the account, by a posting of zero: from then on it takes no others, except the one
    /// that reopens it. Errors: no_such_account, account_closed, account_not_empty (it has a
    /// balance or a hold), sequence_exhausted.
    [[nodiscard]] account_outcome close(account_number number) noexcept {
        return change_status(number, account_status::closed, {});
    }
    /// The same, on a condition; after no_such_account: sequence_mismatch. In parentheses for
    /// macros of one argument, as Perl has.
    [[nodiscard]] account_outcome(close)(account_number number, if_sequence condition) noexcept {
        return change_status(number, account_status::closed, condition);
    }
    /// Errors: no_such_account, sequence_mismatch, account_not_closed, sequence_exhausted.
    [[nodiscard]] account_outcome reopen(account_number number,
                                         if_sequence condition = {}) noexcept {
        return change_status(number, account_status::open, condition);
    }

    /// The two postings of a transfer, or why there are none.
    struct transfer_outcome {
        errc error;
        coffer::posting from;
        coffer::posting to;
        account_number culprit = 0;  ///< the account that a refusal is about
        explicit operator bool() const noexcept { return error == errc::ok; }
    };

    /// Moves `amount` from one account to another, as one step: no thread sees it in both or in
    /// neither. Errors, checked in this order: same_account, invalid_amount (zero or less);
    /// no_such_account; account_closed; insufficient_funds, balance_overflow; sequence_exhausted.
    /// Then neither account has changed, and the postings are the ones that decided, or empty.
    [[nodiscard]] transfer_outcome transfer(account_number from, account_number to,
                                            money amount) noexcept;
    /// The same, on a condition of the account that pays; after no_such_account:
    /// sequence_mismatch.
    [[nodiscard]] transfer_outcome transfer(account_number from, account_number to, money amount,
                                            if_sequence condition) noexcept;

    /// Changes the balances of 2 to 8 accounts as one step. The legs' amounts add up to zero.
    /// Errors, checked in this order: too_few_legs, too_many_legs, same_account (an account
    /// twice), invalid_amount (a leg of zero), unbalanced; no_such_account; account_closed;
    /// insufficient_funds, balance_overflow; sequence_exhausted. Then no account has changed.
    [[nodiscard]] transaction_outcome transact(std::span<const leg> legs) noexcept;

    /// Holds `amount` of what the account has available. The hold's id is in the outcome. The
    /// ledger keeps `expires_at_ns` and does nothing about it. Errors: invalid_amount (zero or
    /// less), no_such_account, sequence_mismatch, account_closed, insufficient_funds,
    /// sequence_exhausted, ledger_full.
    [[nodiscard]] hold_outcome place_hold(account_number number, money amount,
                                          std::int64_t expires_at_ns = 0,
                                          if_sequence condition = {}) noexcept;

    /// Returns a hold, also one that has ended, with its account's last posting. Errors:
    /// no_such_account, no_such_hold.
    [[nodiscard]] hold_outcome find_hold(account_number number, hold_id id) const noexcept;

    /// Takes what a hold holds out of the account, or a part of it, or pays it to another account.
    /// The hold ends with the last of it, or if the capture is final; then the rest is available
    /// again. Errors, checked in this order: invalid_amount (zero or less), same_account;
    /// no_such_account; sequence_mismatch; no_such_hold; hold_ended; account_closed; hold_exceeded;
    /// balance_overflow; sequence_exhausted.
    [[nodiscard]] hold_outcome capture(account_number number, hold_id id,
                                       const capture_request& request = {},
                                       if_sequence condition = {}) noexcept;

    /// Ends a hold: what is left of it is available again. Errors: invalid_amount (`ended_as` is
    /// neither released nor expired), no_such_account, sequence_mismatch, no_such_hold, hold_ended,
    /// sequence_exhausted.
    [[nodiscard]] hold_outcome release(account_number number, hold_id id,
                                       hold_status ended_as = hold_status::released,
                                       if_sequence condition = {}) noexcept;

    /// Forgets a hold that has ended: its slot is used again, under another id. Returns false if it
    /// is not there or has not ended.
    bool forget_hold(account_number number, hold_id id) noexcept;

    /// Restores a hold of an account that was restored, with its part of what that holds: the
    /// caller ensures that the account's holds add up to that. Called with rising slots. All slots
    /// up to this one get memory, 68 bytes each: the caller ensures that the slot is not absurd.
    /// Errors: no_such_account, sequence_exhausted (not one of the account's sequences),
    /// invalid_amount (no such hold can be, or the account holds nothing), already_open (the slot
    /// is taken, or was passed), ledger_full.
    [[nodiscard]] errc restore_hold(const hold& last) noexcept;

    /// Moves an account to the state after `next`, its next posting, whatever that changes, and
    /// with what is held of it: to replay a journal, whose holds are restored after that. Before
    /// any other thread uses the ledger, and before any cut. Errors: no_such_account,
    /// account_closed, invalid_amount (more is held than booked), sequence_exhausted (it is not the
    /// next posting).
    [[nodiscard]] errc advance(const posting& next) noexcept;

    /// A place in scan_holds' order, at first its beginning.
    struct hold_place {
        std::uint32_t slot = 0;
    };

    /// Calls `visitor(const hold&)` for the holds from `from` on, those that have ended and are not
    /// forgotten among them, in a step that looks at `max_slots` slots at most. Returns whether
    /// that was the last. Each hold is as it was at one moment. All steps together meet every hold
    /// that was there all the time, and perhaps others.
    template <class Visitor>
    bool scan_holds(hold_place& from, std::size_t max_slots, Visitor&& visitor) const;

    /// The number of holds, those that have ended and are not forgotten among them.
    [[nodiscard]] std::size_t holds() const noexcept { return holds_.size(); }

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
    /// The highest account number that was opened; 0: none.
    [[nodiscard]] account_number highest_account() const noexcept {
        return accounts_.highest_number();
    }

    /// Calls `visitor(account_view)` with each account's last posting in a consistent cut, in no
    /// particular order: with a posting all that happened before it, and of a transaction all legs
    /// or none, so that the total is exact. Others go on posting; they never wait. First waits
    /// until no other cut is under way (a resumable one is overtaken in time: see cut_pace) and
    /// until 1 ms after the last cut began. If the visitor throws, it is not called again; the cut
    /// is completed, and then the exception is rethrown. The visitor must not call cut.
    template <class Visitor>
    cut_summary cut(Visitor&& visitor, cut_pace pace = {});
    /// The same, and then calls `hold_visitor(const hold&)` with each hold in the same cut, those
    /// that have ended and are not forgotten among them, in the order of their slots.
    template <class Visitor, class HoldVisitor>
    requires std::invocable<HoldVisitor&, const hold&> cut_summary cut(Visitor&& visitor,
                                                                       HoldVisitor&& hold_visitor,
                                                                       cut_pace pace = {});

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
    friend class hold_follower;
    using slot = detail::account_slot;
    using account_reading = detail::account_reading;

    /// An account, and one of its holds: no slot if it has no such hold.
    struct hold_reading {
        account_reading account;
        detail::hold_slot* slot;
        account_state state;  ///< of the hold
        hold described;
    };

    [[nodiscard]] detail::cut_parts parts() noexcept {
        return {accounts_, holds_, transactions_, epochs_, desk_};
    }
    [[nodiscard]] outcome insert(const posting& last, std::uint64_t durable_sequence,
                                 account_status status) noexcept;
    template <class Change>
    [[nodiscard, gnu::__always_inline__]] inline outcome post(account_number number, money amount,
                                                              Change change,
                                                              if_sequence condition) noexcept;
    template <class Change>
    [[nodiscard]] outcome post_in_steps(slot at, account_number number, money amount, Change change,
                                        if_sequence condition) noexcept;
    [[nodiscard]] account_outcome change_status(account_number number, account_status wanted,
                                                if_sequence condition) noexcept;
    [[nodiscard]] account_reading read_in_steps(slot at) const noexcept;
    [[nodiscard]] account_state settled(slot at) const noexcept;
    [[nodiscard]] account_reading settled_reading(slot at) const noexcept;
    void settle(slot at, account_state state) const noexcept;
    [[nodiscard]] bool in_current_epoch(slot at, account_state& state) noexcept;
    [[nodiscard]] bool in_one_epoch(std::span<const slot> at, account_reading* found) noexcept;
    [[nodiscard]] bool replace(slot at, account_state before, account_state after) noexcept;

    [[nodiscard]] static bool is_ordinary(const detail::transfer_legs& legs,
                                          std::uint16_t epoch) noexcept;
    [[nodiscard]] static bool is_ordinary(const detail::transaction_plan& plan,
                                          std::uint16_t epoch) noexcept;
    [[nodiscard]] static transfer_outcome posted(account_number from, account_number to,
                                                 const detail::transfer_legs& legs) noexcept;
    [[nodiscard]] transfer_outcome transfer_in_steps(account_number from, account_number to,
                                                     money amount, if_sequence payer) noexcept;
    [[nodiscard]] bool transact_at_once(std::span<const leg> legs,
                                        transaction_outcome& done) noexcept;
    void transact_in_steps(std::span<const leg> legs, if_sequence first_leg,
                           transaction_outcome& done) noexcept;

    [[nodiscard]] static errc check_placing(const account_state& state, money amount,
                                            if_sequence condition) noexcept;
    [[nodiscard]] static errc check_change(const hold_reading& found, const account_reading* payee,
                                           const detail::hold_effect& effect, if_sequence condition,
                                           bool& is_about_payee) noexcept;
    [[nodiscard]] static account_state after_holding(const account_state& before, money gain,
                                                     money held) noexcept;
    [[nodiscard]] static bool protect(detail::transaction_plan& plan, slot at,
                                      const account_reading& found, money held_after,
                                      detail::hold_slot& one, account_state hold,
                                      account_state hold_after) noexcept;
    [[nodiscard]] hold_reading read_hold(slot at, account_number number, hold_id id) const noexcept;
    [[nodiscard]] bool free_ended(detail::hold_slot& one, account_state state) noexcept;
    // Of an account and, if a capture has one, a payee that `done` names. One outcome in memory,
    // and no copies of it: it is large.
    void place_at_once(money amount, std::int64_t expires_at_ns, if_sequence condition,
                       hold_outcome& done) noexcept;
    void place_in_steps(slot at, money amount, std::int64_t expires_at_ns, if_sequence condition,
                        std::optional<std::uint32_t> index, hold_outcome& done) noexcept;
    void change_at_once(hold_id id, const detail::hold_change& change, if_sequence condition,
                        hold_outcome& done) noexcept;
    void change_in_steps(slot at, hold_id id, const detail::hold_change& change,
                         if_sequence condition, hold_outcome& done) noexcept;
    [[nodiscard]] hold_outcome change_hold(account_number number, hold_id id,
                                           const detail::hold_change& change, account_number payee,
                                           if_sequence condition) noexcept;

    // Tests can plant bugs (detail/test_seams.hpp). In other programs such branches disappear.
    static constexpr bool epoch_first = detail::planted == detail::bug::epoch_before_state;

    account_table accounts_;
    detail::transaction_table transactions_{};
    detail::hold_table holds_{};
    detail::epoch_clock epochs_{};
    detail::cut_desk desk_{};
};

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>

#include <coffer/detail/ledger_cut.hpp>
#include <coffer/detail/ledger_hold_table.hpp>
#include <coffer/detail/ledger_holds.hpp>
#include <coffer/detail/ledger_posting.hpp>
#include <coffer/detail/ledger_transact.hpp>
#include <coffer/detail/ledger_transfer.hpp>
