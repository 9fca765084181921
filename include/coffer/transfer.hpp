// Changes two accounts as one, without a lock.
//
// A transfer describes itself in a record, reserves its two accounts by putting the record's number
// into their state words, the lower account number first, and is decided by the record's status.
// Then both states are replaced. A thread that finds an account reserved by a transfer completes
// that transfer first.
//
// This is the multi-word compare-and-swap of Harris, Fraser and Pratt ("A practical multi-word
// compare-and-swap operation", 2002) for words that never have the same state twice. That makes it
// cheaper: an undisturbed transfer is four compare-and-swaps on its accounts, one that decides it,
// and one that claims a record, made while the accounts are being fetched.
//
// Guarantees     both accounts change or neither; no reader and no cut sees one without the other.
//                A transfer is lock-free: it starts again only if an account has another state
//                than it found, by a posting, a committed transfer, or a cut. Otherwise it meets
//                another transfer, which it completes; those have reserved a lower account and want
//                a higher one, so there is no cycle.
// Limits         255 transfers at once, including those that suspended helpers have pinned. Another
//                one waits for a record in a busy loop. Helping one may require helping another
//                first, and so on up the account numbers: about 750 bytes of stack for each.
// Thread safety  everything may be called from any thread at once.
// Invariants     1. A transfer is aborted only by a thread that has seen one of its accounts in
//                   another state than expected, and not reserved. That state is a later one, and
//                   the expected one never comes back. Until the first account is reserved, only
//                   the owner can abort, since no other thread knows of the transfer; after that
//                   the account seen is the second, since the first stays reserved until (3).
//                2. The first account, whose state comes back if the transfer is aborted, is
//                   reserved only by the owner, and once. So an account is reserved only while the
//                   transfer is undecided, however slow the helper that does it; and once both are
//                   reserved it can only commit. The owner could then store the decision, but it
//                   decides as a helper does: if it were suspended between its accounts for as many
//                   cuts as a state has epochs (see cut.hpp), the second might look as expected.
//                3. No thread ends a reservation of an undecided transfer, and the owner of a
//                   decided one tries both accounts before it gives the record back. So a reserved
//                   state belongs to the transfer that its record describes now.
//                4. After a commit the reserved states never come back. After an abort one may, for
//                   the record's next transfer. So a record is not claimed while a helper has it
//                   pinned, which may be about to replace that state.
//                5. Both expected states are of one epoch, the current one when they were loaded. A
//                   cut moves an account only while it is not reserved. So it moves both before the
//                   transfer, which is then aborted, or both after it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <coffer/account.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer::detail {

/// One account's part in a transfer.
struct transfer_leg {
    coffer::account* account = nullptr;
    double_word expected{};  ///< its state, not reserved
    std::uint64_t gain = 0;  ///< in minor units; a loss as a two's complement

    /// The state while the transfer with this number has it reserved.
    [[nodiscard]] double_word reserved(std::uint16_t transfer) const noexcept {
        return {expected.first, expected.second | static_cast<std::uint64_t>(transfer)
                                                      << transfer_shift};
    }
    /// The state after the transfer.
    [[nodiscard]] double_word posted() const noexcept {
        return {expected.first + gain, next_posting(expected.second)};
    }
};

/// Describes one transfer: its accounts, its amount and its phase.
class alignas(64) transfer_record {
public:
    enum class phase : std::uint8_t { idle, preparing, undecided, committed, aborted };
    struct legs {
        transfer_leg first;  ///< of the lower account number
        transfer_leg second;
    };

    /// Makes the caller the owner of the record. Returns false if it has an owner or is pinned.
    [[nodiscard]] bool claim() noexcept;
    /// Called by the owner: describes the transfer, and makes it undecided.
    void publish(const legs& described) noexcept;
    /// Called by the owner: gives the record back, decided or never published.
    void release() noexcept { change_phase(phase::idle); }

    /// Keeps the record from being claimed.
    void pin() noexcept {
        // In the one order of all threads: see claim.
        pins_.fetch_add(1, std::memory_order_seq_cst);
    }
    void unpin() noexcept {
        // Release: after everything done while it was pinned. Pairs with the load in claim.
        pins_.fetch_sub(1, std::memory_order_release);
    }

    /// The phase and version: never the same for two transfers of the record.
    [[nodiscard]] std::uint64_t status() const noexcept {
        return status_.load(std::memory_order_acquire);
    }
    [[nodiscard]] static phase phase_of(std::uint64_t status) noexcept {
        return static_cast<phase>(status & phase_mask);
    }
    /// The accounts and the amount. Valid for the owner, for a thread that has the record pinned,
    /// and for a thread that finds the same status before and after.
    [[nodiscard]] legs described() const noexcept;

    /// Decides for `outcome` unless the transfer is decided. Returns the phase after that.
    phase decide(phase outcome) noexcept;

private:
    // From the low bits: phase (3), version (61).
    static constexpr std::uint64_t phase_mask = 7;
    static constexpr std::uint64_t one_version = 8;

    void change_phase(phase next) noexcept;

    // Single atomic words, since readers without a pin may read them while they are written.
    struct stored_leg {
        void store(const transfer_leg& leg) noexcept;
        [[nodiscard]] transfer_leg load(std::uint64_t gain) const noexcept;

        std::atomic<coffer::account*> account{nullptr};
        std::atomic<std::uint64_t> balance{0};
        std::atomic<std::uint64_t> meta{0};
    };

    std::atomic<std::uint64_t> status_{0};
    stored_leg first_{};
    stored_leg second_{};
    std::atomic<std::uint64_t> gain_{0};  // of the first leg; the second has the opposite
    // In a cache line of its own: a claim does not use the rest, and most helpers do not use this.
    alignas(64) std::atomic<std::uint32_t> pins_{0};
};

static_assert(sizeof(transfer_record) == 128);

/// The transfer records of a ledger, and the operations on them.
class transfer_table {
public:
    using phase = transfer_record::phase;

    /// Throws std::bad_alloc.
    transfer_table() : records_{std::make_unique<transfer_record[]>(account::max_transfer)} {}

    /// Claims a record for a transfer, to be released or carried out. Returns its number.
    [[nodiscard]] std::uint16_t claim() noexcept;
    void release(std::uint16_t number) noexcept { record(number).release(); }

    /// Does the transfer that `legs` describe, the lower account number first, if both accounts
    /// still have the expected states. Returns false if they do not, or did not all the time.
    /// `number` is a claimed record; it is released.
    [[nodiscard, gnu::__always_inline__]] inline bool carry_out(
        std::uint16_t number, const transfer_record::legs& legs) noexcept;

    /// Completes the transfer that has reserved `account`, whose state is `found`.
    void settle(account& account, account_state found) noexcept;

    /// Returns the account's state at one moment, also if it is reserved. Only reads.
    [[nodiscard]] account_state read(const account& account) const noexcept;

private:
    // Numbers count from 1: 0 in a state word means not reserved.
    [[nodiscard]] transfer_record& record(std::uint16_t number) const noexcept {
        return records_[number - 1U];
    }
    [[nodiscard]] bool carry_out_in_steps(std::uint16_t number, transfer_record::legs legs,
                                          bool has_first) noexcept;
    [[nodiscard]] phase help(std::uint16_t number, const transfer_record::legs& legs) noexcept;
    [[nodiscard]] bool reserve(std::uint16_t number, const transfer_leg& leg) noexcept;

    std::unique_ptr<transfer_record[]> records_;
};

// Implementation details follow.

inline bool transfer_record::claim() noexcept {
    std::uint64_t found = status_.load(std::memory_order_relaxed);  // else another is tried
    const std::uint64_t preparing =
        (found & ~phase_mask) + one_version + static_cast<std::uint64_t>(phase::preparing);
    // After everything the last owner did, and in the one order of all threads, with pin: the last
    // owner ended the reservations of an aborted transfer before this, by sequentially consistent
    // compare-and-swaps, and a helper pins before it checks whether its state is still reserved. So
    // either the pin is seen here, or the helper finds the state not reserved. Relaxed on failure:
    // nothing of the record is used then.
    if (phase_of(found) != phase::idle ||
        !status_.compare_exchange_strong(found, preparing, std::memory_order_seq_cst,
                                         std::memory_order_relaxed))
        return false;
    if (pins_.load(std::memory_order_seq_cst) == 0 || planted == bug::aborted_reused) [[likely]]
        return true;
    release();
    return false;
}

// Releases here, pairing with the acquires in load: a thread that reads one of these, and then the
// status, finds a status that is as new, and so sees that it has changed.
inline void transfer_record::stored_leg::store(const transfer_leg& leg) noexcept {
    account.store(leg.account, std::memory_order_release);
    balance.store(leg.expected.first, std::memory_order_release);
    meta.store(leg.expected.second, std::memory_order_release);
}

inline transfer_leg transfer_record::stored_leg::load(std::uint64_t gain) const noexcept {
    return {account.load(std::memory_order_acquire),
            {balance.load(std::memory_order_acquire), meta.load(std::memory_order_acquire)},
            gain};
}

inline void transfer_record::publish(const legs& described) noexcept {
    first_.store(described.first);
    second_.store(described.second);
    gain_.store(described.first.gain, std::memory_order_release);  // as in stored_leg
    COFFER_TEST_STEP();
    change_phase(phase::undecided);
}

inline transfer_record::legs transfer_record::described() const noexcept {
    const std::uint64_t gain = gain_.load(std::memory_order_acquire);
    return {first_.load(gain), second_.load(0 - gain)};
}

// For the owner, while no other thread changes the status, except to the same one: a helper may
// commit too.
inline void transfer_record::change_phase(phase next) noexcept {
    // Relaxed: only the owner changes the version. Release: after everything its owner did.
    const std::uint64_t found = status_.load(std::memory_order_relaxed);
    status_.store((found & ~phase_mask) | static_cast<std::uint64_t>(next),
                  std::memory_order_release);
}

inline transfer_record::phase transfer_record::decide(phase outcome) noexcept {
    if (planted == bug::decided_twice) {
        change_phase(outcome);
        return outcome;
    }
    std::uint64_t found = status_.load(std::memory_order_acquire);
    // Both orders: after the accounts were seen reserved, and before they are replaced. Acquire on
    // failure: another thread has decided.
    while (phase_of(found) == phase::undecided) {
        const std::uint64_t decided = (found & ~phase_mask) | static_cast<std::uint64_t>(outcome);
        if (status_.compare_exchange_weak(found, decided, std::memory_order_acq_rel,
                                          std::memory_order_acquire))
            return outcome;
    }
    return phase_of(found);
}

namespace transfers {

/// The record that this thread tries first: mostly the one that it used last. Hidden, since GCC
/// makes its variables unique in the process otherwise, and then dlclose unloads nothing.
[[nodiscard, gnu::__visibility__("hidden")]] inline std::uint16_t& favourite() noexcept {
    static std::atomic<std::uint16_t> threads{0};
    // Relaxed: it only spreads the threads.
    thread_local std::uint16_t mine = static_cast<std::uint16_t>(
        threads.fetch_add(1, std::memory_order_relaxed) % account::max_transfer + 1);
    return mine;
}

}  // namespace transfers

inline std::uint16_t transfer_table::claim() noexcept {
    std::uint16_t& favourite = transfers::favourite();
    while (!record(favourite).claim())
        favourite = static_cast<std::uint16_t>(favourite % account::max_transfer + 1);
    return favourite;
}

inline bool transfer_table::carry_out(std::uint16_t number,
                                      const transfer_record::legs& legs) noexcept {
    const auto& [first, second] = legs;
    transfer_record& mine = record(number);
    mine.publish(legs);
    const bool has_first = planted != bug::committed_on_one_leg &&
                           first.account->replace(first.expected, first.reserved(number));
    if (!has_first || !second.account->replace(second.expected, second.reserved(number)))
        [[unlikely]]
        return carry_out_in_steps(number, legs, has_first);
    COFFER_TEST_STEP();
    if (mine.decide(phase::committed) != phase::committed) [[unlikely]]
        return carry_out_in_steps(number, legs, has_first);
    // False if a helper was faster.
    static_cast<void>(first.account->replace(first.reserved(number), first.posted()));
    static_cast<void>(second.account->replace(second.reserved(number), second.posted()));
    mine.release();
    return true;
}

// `legs` is a copy, so that the caller's need not be in memory. The first account, once reserved,
// is not reserved again: that would be for a transfer that a helper may have aborted since.
[[gnu::__noinline__, gnu::__cold__]] inline bool transfer_table::carry_out_in_steps(
    std::uint16_t number, transfer_record::legs legs, bool has_first) noexcept {
    const bool committed =
        (has_first || reserve(number, legs.first)) && help(number, legs) == phase::committed;
    record(number).release();
    return committed;
}

// For the transfer's owner, and for a thread that has its record pinned, once the first account has
// been reserved: it still is, or the transfer is decided.
inline transfer_table::phase transfer_table::help(std::uint16_t number,
                                                  const transfer_record::legs& legs) noexcept {
    transfer_record& mine = record(number);
    const bool has_both = planted == bug::committed_on_one_leg || reserve(number, legs.second);
    COFFER_TEST_STEP();
    if (has_both)
        mine.decide(phase::committed);
    // If its owner has given the record back, there are no reserved states any more.
    const phase decided = transfer_record::phase_of(mine.status());
    for (const transfer_leg& leg : {legs.first, legs.second}) {
        const double_word after = decided == phase::committed ? leg.posted() : leg.expected;
        COFFER_TEST_STEP();
        // False if another helper was faster, or the account was never reserved.
        static_cast<void>(leg.account->replace(leg.reserved(number), after));
    }
    return decided;
}

// Returns false if the transfer is decided. Aborts it if the account has another state.
inline bool transfer_table::reserve(std::uint16_t number, const transfer_leg& leg) noexcept {
    transfer_record& mine = record(number);
    const double_word reserved = leg.reserved(number);
    while (transfer_record::phase_of(mine.status()) == phase::undecided) {
        if (leg.account->replace(leg.expected, reserved))
            return true;
        const account_state found = leg.account->load();
        if (found == unpack(reserved))
            return true;
        // Not aborted because of another transfer: two could abort each other without end, and the
        // expected state might come back. The recursion ends, since each transfer that is settled
        // is pinned meanwhile, and one that is met again is decided.
        if (found.transfer != 0)
            settle(*leg.account, found);
        else if (found != unpack(leg.expected))
            mine.decide(phase::aborted);
    }
    return false;
}

inline void transfer_table::settle(account& account, account_state found) noexcept {
    transfer_record& other = record(found.transfer);
    other.pin();
    COFFER_TEST_STEP();
    // Whether it is still reserved, in the one order of all threads: see transfer_record::claim.
    if (account.replace(found, found))
        static_cast<void>(help(found.transfer, other.described()));
    other.unpin();
}

inline account_state transfer_table::read(const account& account) const noexcept {
    for (;;) {
        account_state found = account.load();
        if (found.transfer == 0)
            return found;
        const transfer_record& other = record(found.transfer);
        const std::uint64_t status = other.status();
        const transfer_record::legs legs = other.described();
        if (other.status() != status || account.load() != found)
            continue;
        if (transfer_record::phase_of(status) == phase::committed && planted != bug::commit_unseen)
            for (const transfer_leg& leg : {legs.first, legs.second})
                if (leg.account == &account && unpack(leg.reserved(found.transfer)) == found)
                    return unpack(leg.posted());
        found.transfer = 0;
        return found;
    }
}

}  // namespace coffer::detail

#include <coffer/detail/macros_pop.inc>
