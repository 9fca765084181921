// Two accounts changed as one, without a lock.
//
// A transfer writes down what it is about in a record, takes its two accounts in hand by putting
// the record's number into their state words, the lower account number first, and decides by one
// compare-and-swap on the record's status. Then it replaces both states. Whoever meets a state that
// is in a transfer's hand helps that transfer to its end first.
//
// This is the multi-word compare-and-swap of Harris, Fraser and Pratt ("A practical multi-word
// compare-and-swap operation", 2002) for two words, with two differences. A word in hand still
// holds the account's whole state, so nothing is lost if a helper takes an account in hand too
// late, for a transfer that is over: whoever meets such a word takes the number out again. And a
// record is used again only while no helper has it pinned, which a count in its status word tells.
//
// Guarantees     both accounts change or neither; no reader and no cut sees one without the other.
//                A transfer is lock-free: it starts again only when an account has another state
//                than it found, by a posting, a transfer that committed, or a cut. What else it
//                meets is another transfer, which it brings to its end; those hold a lower account
//                and want a higher one, so none waits for itself.
// Limits         255 transfers at once, with those that suspended helpers have pinned. One more
//                waits for a record, busily. 65,535 helpers of one transfer.
// Thread safety  everything may be called from any thread at once.
// Invariants     1. A record goes from idle to preparing to undecided only while its pins are 0,
//                   from undecided to committed or aborted once, by whoever, and from there to idle
//                   by its owner. So to whoever has it pinned, a record that is not undecided will
//                   not be.
//                2. It commits only after each of its accounts was seen in its hand, with the state
//                   expected, while it was undecided; and nobody takes an account out of the hand
//                   of an undecided transfer. So at that moment it has both.
//                3. Its owner makes it idle after trying to replace both states. So a state that is
//                   in the hand of an idle record, or of one that is about something else, was
//                   taken too late: its transfer was aborted, and the state stands as it is.
//                4. Both states expected are of one epoch, the current one when they were loaded. A
//                   cut moves an account only when it is in no hand. So it moves both before the
//                   transfer, which is then aborted, or both after it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <coffer/account.hpp>

namespace coffer::detail {

/// One account's part in a transfer.
struct transfer_leg {
    coffer::account* account = nullptr;
    account_state expected{};
    money after{};

    /// The state while the transfer of this number has it in hand.
    [[nodiscard]] account_state in_hand(std::uint16_t transfer) const noexcept {
        account_state state = expected;
        state.transfer = transfer;
        return state;
    }
    /// The state once the transfer is done.
    [[nodiscard]] account_state posted() const noexcept {
        return {after, expected.sequence + 1, 0, expected.epoch};
    }
};

/// What a transfer is about, and how far it is.
class alignas(64) transfer_record {
public:
    enum class phase : std::uint8_t { idle, preparing, undecided, committed, aborted };
    using legs = std::array<transfer_leg, 2>;  ///< the lower account number first

    /// Makes the record the caller's. False if it is another's or pinned.
    [[nodiscard]] bool claim() noexcept;
    /// The owner says what the transfer is about. False if someone has pinned the record meanwhile.
    [[nodiscard]] bool publish(const legs& about) noexcept;
    /// The owner gives it back.
    void release() noexcept { change_phase(phase::idle); }

    /// Keeps the record from being used for another transfer.
    void pin() noexcept {
        // Both orders: what is read of the record and of the account's state stays between the pin
        // and the unpin, and what the record's owner wrote before is seen.
        status_.fetch_add(one_pin, std::memory_order_acq_rel);
    }
    void unpin() noexcept { status_.fetch_sub(one_pin, std::memory_order_acq_rel); }

    /// A status tells two moments of the record apart, but for its pins.
    [[nodiscard]] std::uint64_t status() const noexcept {
        return status_.load(std::memory_order_acquire) & ~pins_mask;
    }
    [[nodiscard]] static phase phase_of(std::uint64_t status) noexcept {
        return static_cast<phase>(status & phase_mask);
    }
    /// What the transfer is about: right for its owner, for whoever has it pinned, and for whoever
    /// finds the status the same before and after.
    [[nodiscard]] legs about() const noexcept;

    /// Decides for `outcome` unless it is decided.
    void decide(phase outcome) noexcept;

private:
    // From the low bits: phase (3), pins (16), version (45).
    static constexpr std::uint64_t phase_mask = 7;
    static constexpr std::uint64_t one_pin = 8;
    static constexpr std::uint64_t pins_mask = std::uint64_t{0xffff} * one_pin;
    static constexpr std::uint64_t one_version = one_pin << 16;

    void change_phase(phase next) noexcept;

    // Single atomic words, since readers without a pin may read them while they are written.
    struct stored_leg {
        std::atomic<coffer::account*> account{nullptr};
        std::atomic<std::uint64_t> balance{0};
        std::atomic<std::uint64_t> meta{0};
    };

    std::atomic<std::uint64_t> status_{0};
    std::array<stored_leg, 2> stored_;
    std::atomic<std::int64_t> gain_minor_{0};  // of the first leg; the second has the opposite
};

static_assert(sizeof(transfer_record) == 64);

/// The transfers of a ledger.
class transfer_desk {
public:
    using phase = transfer_record::phase;

    /// Throws std::bad_alloc.
    transfer_desk() : records_{std::make_unique<transfer_record[]>(account::max_transfer)} {}

    /// Does the transfer that `legs` describe, the lower account number first, if both accounts
    /// still have the states expected. False if they have not, or had not all the time.
    [[nodiscard]] bool carry_out(const transfer_record::legs& legs) noexcept;

    /// Brings the transfer that has `account` in hand, as `found` says, to its end.
    void settle(account& account, account_state found) noexcept;

    /// The account's state as it is at one moment, whatever has it in hand. Only reads.
    [[nodiscard]] account_state read(const account& account) const noexcept;

private:
    // Numbers count from 1: 0 in a state word is none.
    [[nodiscard]] transfer_record& record(std::uint16_t number) const noexcept {
        return records_[number - 1U];
    }
    [[nodiscard]] std::uint16_t publish(const transfer_record::legs& legs) noexcept;
    [[nodiscard]] phase help(std::uint16_t number, const transfer_record::legs& legs) noexcept;
    [[nodiscard]] bool take_in_hand(std::uint16_t number, const transfer_leg& leg) noexcept;

    std::unique_ptr<transfer_record[]> records_;
};

// Implementation details follow.

inline bool transfer_record::claim() noexcept {
    // Acquire: after whatever the last owner and its helpers did. Relaxed on failure: nothing of
    // the record is used then.
    std::uint64_t idle = status_.load(std::memory_order_relaxed);
    const std::uint64_t unpinned = planted == bug::aborted_reused ? idle & ~pins_mask : idle;
    if (phase_of(idle) != phase::idle || (unpinned & pins_mask) != 0)
        return false;
    const std::uint64_t preparing =
        idle + one_version + static_cast<std::uint64_t>(phase::preparing);
    return status_.compare_exchange_strong(idle, preparing, std::memory_order_acquire,
                                           std::memory_order_relaxed);
}

inline bool transfer_record::publish(const legs& about) noexcept {
    for (std::size_t i = 0; i != stored_.size(); ++i) {
        const double_word expected = pack(about[i].expected);
        // Releases, pairing with the acquires in about(): who reads one of these, and then the
        // status, finds a status that is as new, and so that it has changed.
        stored_[i].account.store(about[i].account, std::memory_order_release);
        stored_[i].balance.store(expected.first, std::memory_order_release);
        stored_[i].meta.store(expected.second, std::memory_order_release);
    }
    gain_minor_.store(about[0].after.minor() - about[0].expected.balance.minor(),
                      std::memory_order_release);
    COFFER_TEST_STEP();
    // Only while nobody has it pinned: a helper that has must go on finding it not undecided. A
    // second line of defence: no state is in its hand now, so whoever pins it finds that out.
    std::uint64_t preparing = status_.load(std::memory_order_relaxed);
    if (planted == bug::aborted_reused) {
        change_phase(phase::undecided);
        return true;
    }
    if ((preparing & pins_mask) != 0)
        return false;
    const std::uint64_t undecided =
        (preparing & ~phase_mask) | static_cast<std::uint64_t>(phase::undecided);
    // Release: publishes what was stored above. Relaxed on failure: the record is given back.
    return status_.compare_exchange_strong(preparing, undecided, std::memory_order_release,
                                           std::memory_order_relaxed);
}

inline void transfer_record::change_phase(phase next) noexcept {
    std::uint64_t found = status_.load(std::memory_order_relaxed);
    // Release: after everything its owner did. Relaxed on failure: only the pins have changed.
    while (!status_.compare_exchange_weak(found,
                                          (found & ~phase_mask) | static_cast<std::uint64_t>(next),
                                          std::memory_order_release, std::memory_order_relaxed)) {
    }
}

inline void transfer_record::decide(phase outcome) noexcept {
    if (planted == bug::decided_twice)
        return change_phase(outcome);
    std::uint64_t found = status_.load(std::memory_order_acquire);
    // Both orders: after the accounts were seen in hand, and before they are replaced. Acquire on
    // failure: someone else has decided.
    while (phase_of(found) == phase::undecided &&
           !status_.compare_exchange_weak(
               found, (found & ~phase_mask) | static_cast<std::uint64_t>(outcome),
               std::memory_order_acq_rel, std::memory_order_acquire)) {
    }
}

inline transfer_record::legs transfer_record::about() const noexcept {
    legs about;
    std::int64_t gain_minor = gain_minor_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i != about.size(); ++i) {
        about[i].account = stored_[i].account.load(std::memory_order_acquire);
        about[i].expected = unpack({stored_[i].balance.load(std::memory_order_acquire),
                                    stored_[i].meta.load(std::memory_order_acquire)});
        // Unsigned, since what is read while it is written may not belong together.
        about[i].after = money::from_minor(static_cast<std::int64_t>(
            static_cast<std::uint64_t>(about[i].expected.balance.minor()) +
            static_cast<std::uint64_t>(gain_minor)));
        gain_minor = -gain_minor;
    }
    return about;
}

namespace transfers {

/// The leg that is about `account` in just this state, or null.
[[nodiscard]] inline const transfer_leg* leg_of(const transfer_record::legs& legs,
                                                const account& account,
                                                account_state found) noexcept {
    found.transfer = 0;
    for (const transfer_leg& leg : legs)
        if (leg.account == &account && leg.expected == found)
            return &leg;
    return nullptr;
}

/// Where this thread looks for a free record first: mostly one that it used last.
[[nodiscard]] inline std::uint16_t& favourite() noexcept {
    static std::atomic<std::uint16_t> threads{0};
    // Relaxed: it only spreads the threads.
    thread_local std::uint16_t mine =
        static_cast<std::uint16_t>(threads.fetch_add(1, std::memory_order_relaxed));
    return mine;
}

}  // namespace transfers

inline bool transfer_desk::carry_out(const transfer_record::legs& legs) noexcept {
    const std::uint16_t number = publish(legs);
    const bool committed = help(number, legs) == phase::committed;
    record(number).release();
    return committed;
}

inline std::uint16_t transfer_desk::publish(const transfer_record::legs& legs) noexcept {
    std::uint16_t& favourite = transfers::favourite();
    for (;; ++favourite) {
        const auto number = static_cast<std::uint16_t>(favourite % account::max_transfer + 1);
        transfer_record& mine = record(number);
        if (!mine.claim())
            continue;
        if (mine.publish(legs))
            return number;
        mine.release();
    }
}

// For the transfer's owner, and for whoever has its record pinned.
inline transfer_desk::phase transfer_desk::help(std::uint16_t number,
                                                const transfer_record::legs& legs) noexcept {
    transfer_record& mine = record(number);
    const bool has_both = take_in_hand(number, legs[0]) &&
                          (planted == bug::committed_on_one_leg || take_in_hand(number, legs[1]));
    COFFER_TEST_STEP();
    if (has_both)
        mine.decide(phase::committed);
    const phase decided = transfer_record::phase_of(mine.status());
    for (const transfer_leg& leg : legs) {
        const account_state after = decided == phase::committed ? leg.posted() : leg.expected;
        // False if another helper was faster, or the account was never in hand.
        static_cast<void>(leg.account->replace(leg.in_hand(number), after));
    }
    return decided;
}

// False if the transfer is decided; it is aborted here if the account has another state.
inline bool transfer_desk::take_in_hand(std::uint16_t number, const transfer_leg& leg) noexcept {
    transfer_record& mine = record(number);
    const account_state in_hand = leg.in_hand(number);
    while (transfer_record::phase_of(mine.status()) == phase::undecided) {
        if (leg.account->replace(leg.expected, in_hand))
            return true;
        const account_state found = leg.account->load();
        if (found == in_hand)
            return true;
        // Not aborted for another transfer's sake: two could do that to each other for ever. This
        // comes to an end, since each transfer that it calls itself for is pinned meanwhile, and
        // one that is met again is decided.
        if (found.transfer != 0)
            settle(*leg.account, found);
        else if (found != leg.expected)
            mine.decide(phase::aborted);
    }
    return false;
}

inline void transfer_desk::settle(account& account, account_state found) noexcept {
    transfer_record& other = record(found.transfer);
    other.pin();
    COFFER_TEST_STEP();
    if (account.load() == found) {
        const phase now = transfer_record::phase_of(other.status());
        const bool is_on = now != phase::idle && now != phase::preparing;
        const transfer_record::legs legs = other.about();
        account_state free = found;
        free.transfer = 0;
        if (is_on && transfers::leg_of(legs, account, found) != nullptr)
            static_cast<void>(help(found.transfer, legs));
        else
            static_cast<void>(account.replace(found, free));
    }
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
        const transfer_leg* const leg = transfers::leg_of(legs, account, found);
        if (leg != nullptr && transfer_record::phase_of(status) == phase::committed &&
            planted != bug::commit_unseen)
            return leg->posted();
        found.transfer = 0;
        return found;
    }
}

}  // namespace coffer::detail
