// The record of one transaction: what it changes, and whether it is decided.
//
// A record is used for one transaction after another. See transaction_table.hpp for the protocol.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <coffer/account.hpp>
#include <coffer/transaction.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer::detail {

/// One account's part in a transfer.
struct transfer_leg {
    coffer::account* account = nullptr;
    double_word expected{};  ///< its state, not reserved
    std::uint64_t gain = 0;  ///< in minor units; a loss as a two's complement

    /// The state after the transfer.
    [[nodiscard]] double_word posted() const noexcept {
        return {expected.first + gain, next_posting(expected.second)};
    }
};

/// A transaction of two accounts with opposite gains and nothing else: the most frequent one.
struct transfer_legs {
    transfer_leg first;  ///< of the lower account number
    transfer_leg second;
};

/// One account's part in a transaction.
struct transaction_leg {
    coffer::account* account;
    double_word expected;  ///< its state, not reserved
    double_word posted;    ///< the state after the transaction
};

/// The part that adds `gain`, in minor units, to the account's value; a loss as a two's complement.
[[nodiscard]] constexpr transaction_leg leg_of(account* one, double_word expected,
                                               std::uint64_t gain) noexcept {
    return {one, expected, {expected.first + gain, next_posting(expected.second)}};
}

/// A word that may change only while one of the transaction's accounts is reserved by it.
struct protected_change {
    state_cell* cell;
    double_word expected;
    double_word posted;
};
inline constexpr std::size_t max_protected = 2;

/// What a transaction changes. Its accounts are in the order of their numbers. Nothing is set at
/// first: most of the arrays is not used.
struct transaction_plan {
    std::size_t leg_count;
    std::size_t protected_count;  ///< 0 or max_protected
    std::array<transaction_leg, max_transaction_legs> legs;
    std::array<protected_change, max_protected> protected_words;
};

/// The state of a reserved account: `expected`, with the transaction's number.
[[nodiscard]] constexpr double_word reserved(double_word expected, std::uint16_t number) noexcept {
    return {expected.first, expected.second | static_cast<std::uint64_t>(number) << transfer_shift};
}

class alignas(64) transaction_record {
public:
    enum class phase : std::uint8_t { idle, preparing, undecided, committed, aborted };

    /// Makes the caller the owner of the record. Returns false if it has an owner or is pinned.
    [[nodiscard]] bool claim() noexcept;
    /// Called by the owner: describes the transaction, and makes it undecided. One with a single
    /// account is committed at once: no other thread knows of it before that account is reserved.
    void publish(const transfer_legs& described) noexcept;
    [[gnu::__always_inline__]] inline void publish(const transaction_plan& described) noexcept;
    /// Called by the owner: gives the record back, decided or known to no other thread.
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

    /// The phase, the shape and the version: never the same for two transactions of the record.
    [[nodiscard]] std::uint64_t status() const noexcept {
        return status_.load(std::memory_order_acquire);
    }
    [[nodiscard]] static constexpr phase phase_of(std::uint64_t status) noexcept {
        return static_cast<phase>(status & phase_mask);
    }
    [[nodiscard]] static constexpr std::size_t leg_count(std::uint64_t status) noexcept {
        const std::uint64_t count = status >> legs_shift & legs_mask;
        return count == plain ? 2 : count;
    }
    [[nodiscard]] static constexpr bool has_protected(std::uint64_t status) noexcept {
        return (status & protected_bit) != 0;
    }

    // What is described. Valid for the owner, for a thread that has the record pinned, and for a
    // thread that finds the same status before and after.

    [[nodiscard]] transaction_leg leg(std::size_t index, std::uint64_t status) const noexcept;
    [[nodiscard]] protected_change protected_word(std::size_t index) const noexcept;

    /// Decides for `outcome` unless the transaction is decided. Returns the phase after that.
    phase decide(phase outcome) noexcept;

private:
    // From the low bits: phase (3), number of legs (4), protected words (1), version (56).
    static constexpr std::uint64_t phase_mask = 7;
    static constexpr int legs_shift = 3;
    static constexpr std::uint64_t legs_mask = 15;
    static constexpr std::uint64_t plain = 0;  // in place of the number of legs
    static constexpr std::uint64_t protected_bit = 128;
    static constexpr std::uint64_t one_version = 256;
    static_assert(max_transaction_legs <= legs_mask);

    void change_phase(phase next) noexcept;
    void change_phase(phase next, std::uint64_t shape) noexcept;

    // Single atomic words, since readers without a pin may read them while they are written.
    // Releases in `store`, pairing with the acquires in `load`: a thread that reads one of these,
    // and then the status, finds a status that is as new, and so sees that it has changed.
    struct stored_word {
        [[gnu::__always_inline__]] void store(double_word word) noexcept {
            first.store(word.first, std::memory_order_release);
            second.store(word.second, std::memory_order_release);
        }
        [[nodiscard]] double_word load() const noexcept {
            return {first.load(std::memory_order_acquire), second.load(std::memory_order_acquire)};
        }

        std::atomic<std::uint64_t> first{0};
        std::atomic<std::uint64_t> second{0};
    };
    struct stored_leg {
        void store(coffer::account* one, double_word state) noexcept {
            account.store(one, std::memory_order_release);
            expected.store(state);
        }

        std::atomic<coffer::account*> account{nullptr};
        stored_word expected{};
    };
    struct stored_change {
        void store(const protected_change& change) noexcept {
            cell.store(change.cell, std::memory_order_release);
            expected.store(change.expected);
            posted.store(change.posted);
        }

        std::atomic<state_cell*> cell{nullptr};
        stored_word expected{};
        stored_word posted{};
    };

    // All that a transfer uses is in the first cache line.
    std::atomic<std::uint64_t> status_{0};
    std::array<stored_leg, 2> first_legs_{};
    std::atomic<std::uint64_t> gain_{
        0};  // of the first leg of a transfer; the second's is opposite
    // In a cache line of its own: a claim does not use the rest, and most helpers do not use this.
    alignas(64) std::atomic<std::uint32_t> pins_{0};
    // What transactions use that are no transfers. Their gains are not stored, but their states.
    alignas(64) std::array<stored_change, max_protected> protected_{};
    std::array<stored_word, max_transaction_legs> posted_{};
    std::array<stored_leg, max_transaction_legs - 2> more_legs_{};
};

static_assert(sizeof(transaction_record) == 512);

// Implementation details follow.

inline bool transaction_record::claim() noexcept {
    std::uint64_t found = status_.load(std::memory_order_relaxed);  // else another is tried
    // The shape stays: a helper that has the record pinned may be reading it.
    const std::uint64_t preparing =
        (found & ~phase_mask) + one_version + static_cast<std::uint64_t>(phase::preparing);
    // After everything the last owner did, and in the one order of all threads, with pin: the last
    // owner ended the reservations of an aborted transaction before this, and a helper that made a
    // late one ended that before it unpinned, all by sequentially consistent compare-and-swaps, and
    // a helper pins before it checks whether its state is still reserved. So either the pin is seen
    // here, or the helper finds the state not reserved. Relaxed on failure: nothing of the record
    // is used then.
    if (phase_of(found) != phase::idle ||
        !status_.compare_exchange_strong(found, preparing, std::memory_order_seq_cst,
                                         std::memory_order_relaxed))
        return false;
    if (pins_.load(std::memory_order_seq_cst) == 0 || planted == bug::aborted_reused) [[likely]]
        return true;
    release();
    return false;
}

inline void transaction_record::publish(const transfer_legs& described) noexcept {
    first_legs_[0].store(described.first.account, described.first.expected);
    first_legs_[1].store(described.second.account, described.second.expected);
    gain_.store(described.first.gain, std::memory_order_release);  // as in stored_word
    COFFER_TEST_STEP();
    change_phase(phase::undecided, plain << legs_shift);
}

inline void transaction_record::publish(const transaction_plan& described) noexcept {
    for (std::size_t i = 0; i != described.leg_count; ++i) {
        const transaction_leg& one = described.legs[i];
        (i < 2 ? first_legs_[i] : more_legs_[i - 2]).store(one.account, one.expected);
        posted_[i].store(one.posted);
    }
    for (std::size_t i = 0; i != described.protected_count; ++i)
        protected_[i].store(described.protected_words[i]);
    COFFER_TEST_STEP();
    change_phase(described.leg_count == 1 ? phase::committed : phase::undecided,
                 static_cast<std::uint64_t>(described.leg_count) << legs_shift |
                     (described.protected_count != 0 ? protected_bit : 0));
}

inline transaction_leg transaction_record::leg(std::size_t index,
                                               std::uint64_t status) const noexcept {
    const stored_leg& stored = index < 2 ? first_legs_[index] : more_legs_[index - 2];
    coffer::account* const account = stored.account.load(std::memory_order_acquire);
    const double_word expected = stored.expected.load();
    if ((status >> legs_shift & legs_mask) != plain)
        return {account, expected, posted_[index].load()};
    const std::uint64_t gain = gain_.load(std::memory_order_acquire);
    const transfer_leg one{account, expected, index == 0 ? gain : 0 - gain};
    return {account, expected, one.posted()};
}

inline protected_change transaction_record::protected_word(std::size_t index) const noexcept {
    const stored_change& stored = protected_[index];
    return {stored.cell.load(std::memory_order_acquire), stored.expected.load(),
            stored.posted.load()};
}

// For the owner, while no other thread changes the status, except to the same one: a helper may
// commit too.
inline void transaction_record::change_phase(phase next) noexcept {
    // Relaxed: only the owner changes the version. Release: after everything its owner did.
    const std::uint64_t found = status_.load(std::memory_order_relaxed);
    status_.store((found & ~phase_mask) | static_cast<std::uint64_t>(next),
                  std::memory_order_release);
}

inline void transaction_record::change_phase(phase next, std::uint64_t shape) noexcept {
    // As above.
    const std::uint64_t found = status_.load(std::memory_order_relaxed);
    status_.store((found & ~(one_version - 1)) | shape | static_cast<std::uint64_t>(next),
                  std::memory_order_release);
}

inline transaction_record::phase transaction_record::decide(phase outcome) noexcept {
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

}  // namespace coffer::detail

#include <coffer/detail/macros_pop.inc>
