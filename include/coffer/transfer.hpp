// Two accounts changed as one, without a lock.
//
// A transfer writes down what it is about in a record, takes its two accounts in hand by putting
// the record's number into their state words, the lower account number first, and decides by the
// record's status. Then it replaces both states. Whoever meets a state that is in a transfer's hand
// helps that transfer to its end first.
//
// This is the multi-word compare-and-swap of Harris, Fraser and Pratt ("A practical multi-word
// compare-and-swap operation", 2002) for words that never have the same state twice. That makes it
// cheaper: a transfer that nothing gets in the way of is four compare-and-swaps on its accounts,
// one that decides, and one that gets it a record, made while the accounts are being fetched.
//
// Guarantees     both accounts change or neither; no reader and no cut sees one without the other.
//                A transfer is lock-free: it starts again only when an account has another state
//                than it found, by a posting, a transfer that committed, or a cut. What else it
//                meets is another transfer, which it brings to its end; those hold a lower account
//                and want a higher one, so none waits for itself.
// Limits         255 transfers at once, with those that suspended helpers have pinned. One more
//                waits for a record, busily. To help one may mean to help another first, and so on
//                up the account numbers: some 750 bytes of stack for each.
// Thread safety  everything may be called from any thread at once.
// Invariants     1. A transfer is aborted only by who has seen one of its accounts in another state
//                   than expected, and in nobody's hand. That state is a later one, and the one
//                   expected never comes back. Until the first account is in hand that is its
//                   owner alone, since nobody else knows of it; after that it is the second that
//                   was seen, since nobody takes the first out of hand before (3).
//                2. The first account, whose state comes back when the transfer is aborted, is
//                   taken in hand by the owner alone, and once. So an account is taken in hand only
//                   while the transfer is undecided, however slow the helper that does it; and once
//                   both are in hand it can only commit. Its owner might store that, then, but it
//                   decides like a helper: were it suspended between its accounts through as many
//                   cuts as a state has epochs (see cut.hpp), the second might look as expected.
//                3. Nobody takes an account out of an undecided transfer's hand, and the owner of a
//                   decided one tries both before it gives the record back. So a state in hand
//                   belongs to what its record is about now.
//                4. After a commit the states in hand never come back. After an abort one may, for
//                   the record's next transfer. So a record is not given out while a helper has it
//                   pinned, who may be about to replace that state.
//                5. Both states expected are of one epoch, the current one when they were loaded. A
//                   cut moves an account only when it is in no hand. So it moves both before the
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
    double_word expected{};  ///< its state, in nobody's hand
    std::uint64_t gain = 0;  ///< in minor units, what is lost as a two's complement

    /// The state while the transfer of this number has it in hand.
    [[nodiscard]] double_word in_hand(std::uint16_t transfer) const noexcept {
        return {expected.first, expected.second | static_cast<std::uint64_t>(transfer)
                                                      << transfer_shift};
    }
    /// The state once the transfer is done.
    [[nodiscard]] double_word posted() const noexcept {
        return {expected.first + gain, next_posting(expected.second)};
    }
};

/// What a transfer is about, and how far it is.
class alignas(64) transfer_record {
public:
    enum class phase : std::uint8_t { idle, preparing, undecided, committed, aborted };
    struct legs {
        transfer_leg first;  ///< of the lower account number
        transfer_leg second;
    };

    /// Makes the record the caller's. False if it is another's or pinned.
    [[nodiscard]] bool claim() noexcept;
    /// The owner says what the transfer is about.
    void publish(const legs& about) noexcept;
    /// The owner gives it back, decided or never published.
    void release() noexcept { change_phase(phase::idle); }

    /// Keeps the record from being given out.
    void pin() noexcept {
        // In the one order of all threads: see claim.
        pins_.fetch_add(1, std::memory_order_seq_cst);
    }
    void unpin() noexcept {
        // Release: after all that was done while it was pinned. Pairs with the load in claim.
        pins_.fetch_sub(1, std::memory_order_release);
    }

    /// A status tells two moments of the record apart.
    [[nodiscard]] std::uint64_t status() const noexcept {
        return status_.load(std::memory_order_acquire);
    }
    [[nodiscard]] static phase phase_of(std::uint64_t status) noexcept {
        return static_cast<phase>(status & phase_mask);
    }
    /// What the transfer is about: right for its owner, for whoever has it pinned, and for whoever
    /// finds the status the same before and after.
    [[nodiscard]] legs about() const noexcept;

    /// Decides for `outcome` unless it is decided. Returns the phase it is in then.
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
    // In a line of its own: a claim has no use for the rest, nor most helpers for this.
    alignas(64) std::atomic<std::uint32_t> pins_{0};
};

static_assert(sizeof(transfer_record) == 128);

/// The transfers of a ledger.
class transfer_desk {
public:
    using phase = transfer_record::phase;

    /// Throws std::bad_alloc.
    transfer_desk() : records_{std::make_unique<transfer_record[]>(account::max_transfer)} {}

    /// Gets a record to carry transfers out with, which is to be given back. Returns its number.
    [[nodiscard]] std::uint16_t claim() noexcept;
    void release(std::uint16_t number) noexcept { record(number).release(); }

    /// Does the transfer that `legs` describe, the lower account number first, if both accounts
    /// still have the states expected. False if they have not, or had not all the time. `number` is
    /// a record claimed for this; it is given back.
    [[nodiscard, gnu::__always_inline__]] inline bool carry_out(
        std::uint16_t number, const transfer_record::legs& legs) noexcept;

    /// Brings the transfer that has `account` in hand, as `found` says, to its end.
    void settle(account& account, account_state found) noexcept;

    /// The account's state as it is at one moment, whatever has it in hand. Only reads.
    [[nodiscard]] account_state read(const account& account) const noexcept;

private:
    // Numbers count from 1: 0 in a state word is none.
    [[nodiscard]] transfer_record& record(std::uint16_t number) const noexcept {
        return records_[number - 1U];
    }
    [[nodiscard]] bool carry_out_in_steps(std::uint16_t number, transfer_record::legs legs,
                                          bool has_first) noexcept;
    [[nodiscard]] phase help(std::uint16_t number, const transfer_record::legs& legs) noexcept;
    [[nodiscard]] bool take_in_hand(std::uint16_t number, const transfer_leg& leg) noexcept;

    std::unique_ptr<transfer_record[]> records_;
};

// Implementation details follow.

inline bool transfer_record::claim() noexcept {
    std::uint64_t found = status_.load(std::memory_order_relaxed);  // what fails is tried elsewhere
    const std::uint64_t preparing =
        (found & ~phase_mask) + one_version + static_cast<std::uint64_t>(phase::preparing);
    // After all that the last owner did, and in the one order of all threads, with pin: the last
    // owner took the states of an aborted transfer out of hand before this, by sequentially
    // consistent compare-and-swaps, and a helper pins before it looks whether its state is still in
    // hand. So either the pin is seen here, or the helper finds the state out of hand. Relaxed on
    // failure: nothing of the record is used then.
    if (phase_of(found) != phase::idle ||
        !status_.compare_exchange_strong(found, preparing, std::memory_order_seq_cst,
                                         std::memory_order_relaxed))
        return false;
    if (pins_.load(std::memory_order_seq_cst) == 0 || planted == bug::aborted_reused) [[likely]]
        return true;
    release();
    return false;
}

// Releases here, pairing with the acquires in load: who reads one of these, and then the status,
// finds a status that is as new, and so that it has changed.
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

inline void transfer_record::publish(const legs& about) noexcept {
    first_.store(about.first);
    second_.store(about.second);
    gain_.store(about.first.gain, std::memory_order_release);  // as in stored_leg
    COFFER_TEST_STEP();
    change_phase(phase::undecided);
}

inline transfer_record::legs transfer_record::about() const noexcept {
    const std::uint64_t gain = gain_.load(std::memory_order_acquire);
    return {first_.load(gain), second_.load(0 - gain)};
}

// For the owner, while nobody else may change the status but to the very same: a helper may commit
// too.
inline void transfer_record::change_phase(phase next) noexcept {
    // Relaxed: the version is the owner's own. Release: after everything its owner did.
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
    // Both orders: after the accounts were seen in hand, and before they are replaced. Acquire on
    // failure: someone else has decided.
    while (phase_of(found) == phase::undecided) {
        const std::uint64_t decided = (found & ~phase_mask) | static_cast<std::uint64_t>(outcome);
        if (status_.compare_exchange_weak(found, decided, std::memory_order_acq_rel,
                                          std::memory_order_acquire))
            return outcome;
    }
    return phase_of(found);
}

namespace transfers {

/// Where this thread looks for a free record first: mostly one that it used last. Hidden, since GCC
/// makes its variables unique in the process otherwise, and dlclose then unloads nothing.
[[nodiscard, gnu::__visibility__("hidden")]] inline std::uint16_t& favourite() noexcept {
    static std::atomic<std::uint16_t> threads{0};
    // Relaxed: it only spreads the threads.
    thread_local std::uint16_t mine = static_cast<std::uint16_t>(
        threads.fetch_add(1, std::memory_order_relaxed) % account::max_transfer + 1);
    return mine;
}

}  // namespace transfers

inline std::uint16_t transfer_desk::claim() noexcept {
    std::uint16_t& favourite = transfers::favourite();
    while (!record(favourite).claim())
        favourite = static_cast<std::uint16_t>(favourite % account::max_transfer + 1);
    return favourite;
}

inline bool transfer_desk::carry_out(std::uint16_t number,
                                     const transfer_record::legs& legs) noexcept {
    const auto& [first, second] = legs;
    transfer_record& mine = record(number);
    mine.publish(legs);
    const bool has_first = planted != bug::committed_on_one_leg &&
                           first.account->replace(first.expected, first.in_hand(number));
    if (!has_first || !second.account->replace(second.expected, second.in_hand(number)))
        [[unlikely]]
        return carry_out_in_steps(number, legs, has_first);
    COFFER_TEST_STEP();
    if (mine.decide(phase::committed) != phase::committed) [[unlikely]]
        return carry_out_in_steps(number, legs, has_first);
    // False if a helper was faster.
    static_cast<void>(first.account->replace(first.in_hand(number), first.posted()));
    static_cast<void>(second.account->replace(second.in_hand(number), second.posted()));
    mine.release();
    return true;
}

// `legs` is a copy, so that the caller's need not be in memory. The first account, once in hand, is
// not tried again: it would be taken for a transfer that a helper may have aborted since.
[[gnu::__noinline__, gnu::__cold__]] inline bool transfer_desk::carry_out_in_steps(
    std::uint16_t number, transfer_record::legs legs, bool has_first) noexcept {
    const bool committed =
        (has_first || take_in_hand(number, legs.first)) && help(number, legs) == phase::committed;
    record(number).release();
    return committed;
}

// For the transfer's owner, and for whoever has its record pinned, once the first account has been
// in hand: it still is, or the transfer is decided.
inline transfer_desk::phase transfer_desk::help(std::uint16_t number,
                                                const transfer_record::legs& legs) noexcept {
    transfer_record& mine = record(number);
    const bool has_both = planted == bug::committed_on_one_leg || take_in_hand(number, legs.second);
    COFFER_TEST_STEP();
    if (has_both)
        mine.decide(phase::committed);
    // If its owner has given the record back, the states in hand are gone already.
    const phase decided = transfer_record::phase_of(mine.status());
    for (const transfer_leg& leg : {legs.first, legs.second}) {
        const double_word after = decided == phase::committed ? leg.posted() : leg.expected;
        COFFER_TEST_STEP();
        // False if another helper was faster, or the account was never in hand.
        static_cast<void>(leg.account->replace(leg.in_hand(number), after));
    }
    return decided;
}

// False if the transfer is decided; it is aborted here if the account has another state.
inline bool transfer_desk::take_in_hand(std::uint16_t number, const transfer_leg& leg) noexcept {
    transfer_record& mine = record(number);
    const double_word in_hand = leg.in_hand(number);
    while (transfer_record::phase_of(mine.status()) == phase::undecided) {
        if (leg.account->replace(leg.expected, in_hand))
            return true;
        const account_state found = leg.account->load();
        if (found == unpack(in_hand))
            return true;
        // Not aborted for another transfer's sake: two could do that to each other for ever, and
        // the state expected might come back. This comes to an end, since each transfer that it
        // calls itself for is pinned meanwhile, and one that is met again is decided.
        if (found.transfer != 0)
            settle(*leg.account, found);
        else if (found != unpack(leg.expected))
            mine.decide(phase::aborted);
    }
    return false;
}

inline void transfer_desk::settle(account& account, account_state found) noexcept {
    transfer_record& other = record(found.transfer);
    other.pin();
    COFFER_TEST_STEP();
    // Whether it is in hand still, in the one order of all threads: see transfer_record::claim.
    if (account.replace(found, found))
        static_cast<void>(help(found.transfer, other.about()));
    other.unpin();
}

inline account_state transfer_desk::read(const account& account) const noexcept {
    for (;;) {
        account_state found = account.load();
        if (found.transfer == 0)
            return found;
        const transfer_record& other = record(found.transfer);
        const std::uint64_t status = other.status();
        const transfer_record::legs legs = other.about();
        if (other.status() != status || account.load() != found)
            continue;
        if (transfer_record::phase_of(status) == phase::committed && planted != bug::commit_unseen)
            for (const transfer_leg& leg : {legs.first, legs.second})
                if (leg.account == &account && unpack(leg.in_hand(found.transfer)) == found)
                    return unpack(leg.posted());
        found.transfer = 0;
        return found;
    }
}

}  // namespace coffer::detail

#include <coffer/detail/macros_pop.inc>
