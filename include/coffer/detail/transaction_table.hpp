// Changes several accounts as one, without a lock, and the words that those protect.
//
// A transaction describes itself in a record, reserves its accounts by putting the record's number
// into their state words, in the order of the account numbers, and is decided by the record's
// status. Then all states are replaced. A thread that finds an account reserved by a transaction
// completes that transaction first.
//
// This is the multi-word compare-and-swap of Harris, Fraser and Pratt ("A practical multi-word
// compare-and-swap operation", 2002) for words that never have the same state twice. That makes it
// cheaper: an undisturbed transfer is four compare-and-swaps on its accounts, one that decides it,
// and one that claims a record, made while the accounts are being fetched.
//
// Protected words are what belongs to an account and changes only while the account is reserved:
// the sum of what its holds hold, and each of its holds. So they need no reservation. Once the
// transaction has committed, all who complete it replace them, by one compare-and-swap each, before
// they replace the account's reserved state. A transaction of one account, such as placing a hold,
// need not be decided: it is published as committed, and happens when its account is reserved. So a
// committed one counts only with an account that it has reserved: see invariant 8.
//
// Guarantees     all accounts change or none; no reader and no cut sees some without the others.
//                A transaction is lock-free: it starts again only if an account has another state
//                than it found, by a posting, a committed transaction, or a cut. Otherwise it meets
//                another transaction, which it completes; those have reserved a lower account and
//                want a higher one, so there is no cycle.
// Limits         255 transactions at once, including those that suspended helpers have pinned.
//                Another one waits for a record in a busy loop. Helping one may require helping
//                another first, and so on up the account numbers: about 750 bytes of stack each.
// Thread safety  everything may be called from any thread at once.
// Invariants     1. A transaction is aborted only by a thread that has seen one of its accounts in
//                   another state than expected, and not reserved, after all lower ones were
//                   reserved. That state is a later one, and the expected one never comes back.
//                   Until the first account is reserved, only the owner can abort, since no other
//                   thread knows of the transaction.
//                2. The first account is reserved only by the owner, and once. The last one cannot
//                   be reserved too late: as the lower ones stay reserved until the decision (3),
//                   only its own later state can have aborted the transaction. One in the middle
//                   can, by a slow helper: a higher one has aborted the transaction, and the
//                   expected state of this one came back. So a helper that has reserved it looks at
//                   the status again, and if the transaction has not committed, it takes its
//                   reservation back before it unpins the record. The owner decides, and if the
//                   transaction was aborted, it restores all accounts before it releases the
//                   record. Meanwhile a thread that meets such a reservation finds the record as it
//                   was, and ends the reservation too.
//                   So all accounts that were seen reserved while the transaction is undecided are
//                   reserved, and once all are it can only commit.
//                3. No thread ends a reservation of an undecided transaction, and the owner of a
//                   decided one tries all accounts before it gives the record back. So a reserved
//                   state belongs to the transaction that its record describes now.
//                4. After a commit the reserved states never come back. After an abort one may, for
//                   the record's next transaction. So a record is not claimed while a helper has it
//                   pinned, which may be about to replace that state.
//                5. All expected states are of one epoch, the current one when they were loaded. A
//                   cut moves an account only while it is not reserved. So it moves all before the
//                   transaction, which is then aborted, or all after it.
//                6. A protected word has the expected state when its account is reserved: it was
//                   loaded after the account's expected state, and only a transaction that has the
//                   account reserved changes it, which raises the account's sequence. It has moved
//                   to the account's epoch before the transaction is published, and a cut moves it
//                   only after the account, so no cut changes it until the account is replaced.
//                7. The states of a protected word never recur, so a late thread's compare-and-swap
//                   on it fails; and all have been replaced before the account's reserved state is,
//                   so an account that is not reserved agrees with its protected words.
//                8. A reader that pins nothing finds the account reserved, a status, the account
//                   still reserved, and then the same status. So the record described one
//                   transaction at the second look at the account, and the reservation is its own
//                   (3): what it has posted has happened, if it is committed. In the other order
//                   the record may be another transaction's at that look.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <coffer/account.hpp>
#include <coffer/detail/transaction_record.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer::detail {

/// The transaction records of a ledger, and the operations on them.
class transaction_table {
public:
    using phase = transaction_record::phase;

    /// Throws std::bad_alloc.
    transaction_table() : records_{std::make_unique<transaction_record[]>(account::max_transfer)} {}

    /// Claims a record for a transaction, to be released or carried out. Returns its number.
    [[nodiscard, gnu::__always_inline__]] inline std::uint16_t claim() noexcept;
    void release(std::uint16_t number) noexcept { record(number).release(); }

    /// Does the transfer that `legs` describe, the lower account number first, if both accounts
    /// still have the expected states. Returns false if they do not, or did not all the time.
    /// `number` is a claimed record; it is released.
    [[nodiscard, gnu::__always_inline__]] inline bool carry_out(std::uint16_t number,
                                                                const transfer_legs& legs) noexcept;
    /// The same for any transaction.
    [[nodiscard, gnu::__always_inline__]] inline bool carry_out(
        std::uint16_t number, const transaction_plan& plan) noexcept;

    /// Completes the transaction that has reserved `account`, whose state is `found`.
    void settle(account& account, account_state found) const noexcept;

    /// Returns the account's state at one moment, also if it is reserved. Only reads.
    [[nodiscard]] account_state read(const account& account) const noexcept;

private:
    // Numbers count from 1: 0 in a state word means not reserved.
    [[nodiscard]] transaction_record& record(std::uint16_t number) const noexcept {
        return records_[number - 1U];
    }
    [[nodiscard]] bool carry_out_in_steps(std::uint16_t number, transfer_legs legs,
                                          bool has_first) noexcept;
    [[nodiscard]] bool finish_in_steps(std::uint16_t number) noexcept;
    void help(std::uint16_t number) const noexcept;
    [[nodiscard]] phase complete(std::uint16_t number) const noexcept;
    [[nodiscard]] bool reserve(std::uint16_t number, const transaction_leg& leg,
                               bool is_in_the_middle) const noexcept;

    std::unique_ptr<transaction_record[]> records_;
};

// Implementation details follow.

namespace transactions {

/// The record that this thread tries first: mostly the one that it used last. Hidden, since GCC
/// makes its variables unique in the process otherwise, and then dlclose unloads nothing.
[[nodiscard, gnu::__visibility__("hidden")]] inline std::uint16_t& favourite() noexcept {
    static std::atomic<std::uint16_t> threads{0};
    // Relaxed: it only spreads the threads.
    thread_local std::uint16_t mine = static_cast<std::uint16_t>(
        threads.fetch_add(1, std::memory_order_relaxed) % account::max_transfer + 1);
    return mine;
}

/// Makes the change unless another thread has: then the expected state is gone for good.
inline void apply(const protected_change& change) noexcept {
    double_word expected = change.expected;
    double_word posted = change.posted;
    if (planted == bug::released_twice) {
        expected = pack(change.cell->load());
        posted = {expected.first + (change.posted.first - change.expected.first),
                  next_posting(expected.second)};
    }
    static_cast<void>(change.cell->replace(expected, posted));
}

}  // namespace transactions

inline std::uint16_t transaction_table::claim() noexcept {
    std::uint16_t& favourite = transactions::favourite();
    while (!record(favourite).claim())
        favourite = static_cast<std::uint16_t>(favourite % account::max_transfer + 1);
    return favourite;
}

inline bool transaction_table::carry_out(std::uint16_t number, const transfer_legs& legs) noexcept {
    const auto& [first, second] = legs;
    const double_word first_reserved = reserved(first.expected, number);
    const double_word second_reserved = reserved(second.expected, number);
    transaction_record& mine = record(number);
    mine.publish(legs);
    const bool has_first = planted != bug::committed_on_one_leg &&
                           first.account->replace(first.expected, first_reserved);
    if (!has_first || !second.account->replace(second.expected, second_reserved)) [[unlikely]]
        return carry_out_in_steps(number, legs, has_first);
    COFFER_TEST_STEP();
    if (mine.decide(phase::committed) != phase::committed) [[unlikely]]
        return carry_out_in_steps(number, legs, has_first);
    // False if a helper was faster.
    static_cast<void>(first.account->replace(first_reserved, first.posted()));
    static_cast<void>(second.account->replace(second_reserved, second.posted()));
    mine.release();
    return true;
}

// `legs` is a copy, so that the caller's need not be in memory. The first account, once reserved,
// is not reserved again: that would be for a transfer that a helper may have aborted since.
[[gnu::__noinline__, gnu::__cold__]] inline bool transaction_table::carry_out_in_steps(
    std::uint16_t number, transfer_legs legs, bool has_first) noexcept {
    const transaction_leg first{legs.first.account, legs.first.expected, legs.first.posted()};
    if (has_first || reserve(number, first, false))
        return finish_in_steps(number);
    record(number).release();
    return false;
}

inline bool transaction_table::carry_out(std::uint16_t number,
                                         const transaction_plan& plan) noexcept {
    transaction_record& mine = record(number);
    mine.publish(plan);
    for (std::size_t i = 0; i != plan.leg_count; ++i) {
        const transaction_leg& leg = plan.legs[i];
        if (leg.account->replace(leg.expected, reserved(leg.expected, number))) [[likely]]
            continue;
        if (i != 0)
            return finish_in_steps(number);
        mine.release();  // no other thread has seen the record, whatever its phase
        return false;
    }
    COFFER_TEST_STEP();
    // The owner may have reserved accounts too late: it ends those reservations in these steps.
    if (plan.leg_count != 1 && mine.decide(phase::committed) != phase::committed) [[unlikely]]
        return finish_in_steps(number);
    for (std::size_t i = 0; i != plan.protected_count; ++i)
        transactions::apply(plan.protected_words[i]);
    for (std::size_t i = 0; i != plan.leg_count; ++i) {
        const transaction_leg& leg = plan.legs[i];
        COFFER_TEST_STEP();
        // False if a helper was faster.
        static_cast<void>(leg.account->replace(reserved(leg.expected, number), leg.posted));
    }
    mine.release();
    return true;
}

// For the owner, once the first account has been reserved.
[[gnu::__noinline__, gnu::__cold__]] inline bool transaction_table::finish_in_steps(
    std::uint16_t number) noexcept {
    help(number);
    const bool committed = complete(number) == phase::committed;
    record(number).release();
    return committed;
}

// For the transaction's owner, and for a thread that has its record pinned, once the first account
// has been reserved: it still is, or the transaction is decided. Ends with the decision.
inline void transaction_table::help(std::uint16_t number) const noexcept {
    transaction_record& mine = record(number);
    const std::uint64_t status = mine.status();
    const std::size_t count = transaction_record::leg_count(status);
    if (planted != bug::committed_on_one_leg)
        for (std::size_t i = 1; i != count; ++i)
            if (!reserve(number, mine.leg(i, status), i + 1 != count))
                return;
    COFFER_TEST_STEP();
    mine.decide(phase::committed);
}

// For the same, once the transaction is decided.
inline transaction_table::phase transaction_table::complete(std::uint16_t number) const noexcept {
    transaction_record& mine = record(number);
    const std::uint64_t status = mine.status();
    // If its owner has given the record back, there are no reserved states any more, except those
    // that helpers of an aborted transaction made too late.
    const phase decided = transaction_record::phase_of(status);
    if (decided == phase::committed && transaction_record::has_protected(status))
        for (std::size_t i = 0; i != max_protected; ++i)
            transactions::apply(mine.protected_word(i));
    const std::size_t count = transaction_record::leg_count(status);
    for (std::size_t i = 0; i != count; ++i) {
        const transaction_leg leg = mine.leg(i, status);
        COFFER_TEST_STEP();
        // False if another helper was faster, or the account was never reserved.
        static_cast<void>(
            leg.account->replace(reserved(leg.expected, number),
                                 decided == phase::committed ? leg.posted : leg.expected));
    }
    return decided;
}

// Returns false if the transaction is decided. Aborts it if the account has another state.
inline bool transaction_table::reserve(std::uint16_t number, const transaction_leg& leg,
                                       bool is_in_the_middle) const noexcept {
    transaction_record& mine = record(number);
    const double_word wanted = reserved(leg.expected, number);
    while (transaction_record::phase_of(mine.status()) == phase::undecided) {
        if (leg.account->replace(leg.expected, wanted)) {
            if (!is_in_the_middle)
                return true;
            COFFER_TEST_STEP();
            // Invariant 2. If the expected state came back after an abort, the abort is seen: the
            // compare-and-swap that brought it back was made after it.
            const phase now = transaction_record::phase_of(mine.status());
            if (now == phase::undecided || now == phase::committed)
                return true;
            // False if another thread was faster, or if it has committed and is over.
            static_cast<void>(leg.account->replace(wanted, leg.expected));
            return false;
        }
        const account_state found = leg.account->load();
        if (found == unpack(wanted))
            return true;
        // Not aborted because of another transaction: two could abort each other without end, and
        // the expected state might come back. The recursion ends, since each transaction that is
        // settled is pinned meanwhile, and one that is met again is decided.
        if (found.transfer != 0)
            settle(*leg.account, found);
        else if (found != unpack(leg.expected))
            mine.decide(phase::aborted);
    }
    return false;
}

inline void transaction_table::settle(account& account, account_state found) const noexcept {
    transaction_record& other = record(found.transfer);
    other.pin();
    COFFER_TEST_STEP();
    // Whether it is still reserved, in the one order of all threads: see transaction_record::claim.
    if (account.replace(found, found)) {
        help(found.transfer);
        static_cast<void>(complete(found.transfer));
    }
    other.unpin();
}

inline account_state transaction_table::read(const account& account) const noexcept {
    for (;;) {
        account_state found = account.load();
        if (found.transfer == 0)
            return found;
        COFFER_TEST_STEP();
        const transaction_record& other = record(found.transfer);
        const std::uint64_t status = other.status();
        account_state state = found;
        state.transfer = 0;
        if (transaction_record::phase_of(status) == phase::committed &&
            planted != bug::commit_unseen)
            for (std::size_t i = 0; i != transaction_record::leg_count(status); ++i) {
                const transaction_leg leg = other.leg(i, status);
                if (leg.account == &account &&
                    unpack(reserved(leg.expected, found.transfer)) == found)
                    state = unpack(leg.posted);
            }
        COFFER_TEST_STEP();
        // Invariant 8: the account first.
        const bool is_early = planted == bug::committed_before_reserved && other.status() == status;
        COFFER_TEST_STEP();
        if (account.load() != found)
            continue;
        COFFER_TEST_STEP();
        if (is_early || other.status() == status)
            return state;
    }
}

}  // namespace coffer::detail

#include <coffer/detail/macros_pop.inc>
