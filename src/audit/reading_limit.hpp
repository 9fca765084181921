// How far the continuous audit may read the journal: while a snapshot is being taken, not past the
// record that it covers, since the audit compares the accounts as of exactly that record.
//
// The thread that takes snapshots never waits for the audit: it states to cover the record that the
// audit has come to, if that is later than what it would have stated.
//
// Guarantees     A snapshot covers no earlier record than the audit has read by then. From when a
//                snapshot is begun until the audit has looked for it, the audit reads no further
//                than the record it covers.
// Invariants     1. read_ is never above what is durable, and never falls.
//                2. The audit goes beyond covered_ only if begun_ is what it has looked at, after
//                   it has put the record into read_. The other thread raises begun_ before it
//                   reads read_. In the one order that all sequentially consistent operations have,
//                   either the audit sees begun_ raised, or the snapshot's thread sees read_.
// Thread safety  cover and end are for the thread that takes snapshots, the rest for the audit's.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace coffer::audit {

class reading_limit {
public:
    /// Begins a snapshot, unless it is begun. `durable_record` is the last durable record. Returns
    /// the record that the snapshot is to cover: that, or a later durable one.
    [[nodiscard]] std::uint64_t cover(std::uint64_t durable_record) noexcept {
        if (!is_begun_) {
            is_begun_ = true;
            begun_.fetch_add(1, std::memory_order_seq_cst);  // see invariant 2
        }
        const std::uint64_t covered =
            std::max(durable_record, read_.load(std::memory_order_seq_cst));
        // Release: pairs with the acquire in up_to, which may find an older value: that is less.
        covered_.store(covered, std::memory_order_release);
        return covered;
    }
    /// Ends the attempt at a snapshot, which has its name by now or has failed.
    void end() noexcept {
        if (!is_begun_)
            return;
        is_begun_ = false;
        // Release: pairs with the acquire in has_news, so that the audit finds the file.
        ended_.fetch_add(1, std::memory_order_release);
    }

    /// Whether snapshots have ended that the audit has not looked for.
    [[nodiscard]] bool has_news() const noexcept {
        return ended_.load(std::memory_order_acquire) != looked_at_;
    }
    /// To be called before the audit looks for the snapshots that there are.
    void note_look() noexcept { looked_at_ = ended_.load(std::memory_order_acquire); }

    /// Returns the record up to which the audit may read, and notes that it does. `durable_record`
    /// is the last durable record.
    [[nodiscard]] std::uint64_t up_to(std::uint64_t durable_record) noexcept {
        const std::uint64_t before = allowed_;
        read_.store(std::max(before, durable_record), std::memory_order_seq_cst);
        // Before begun_: if it is that of a second snapshot, begun_ shows two.
        const std::uint64_t covered = covered_.load(std::memory_order_acquire);
        const std::uint64_t unseen = begun_.load(std::memory_order_seq_cst) - looked_at_;
        if (unseen == 0)
            allowed_ = std::max(before, durable_record);
        else if (unseen == 1)  // it covers this or a later record
            allowed_ = std::max(before, covered);
        return allowed_;
    }

private:
    std::atomic<std::uint64_t> begun_{0};    // attempts
    std::atomic<std::uint64_t> ended_{0};    // likewise
    std::atomic<std::uint64_t> covered_{0};  // by the last attempt
    std::atomic<std::uint64_t> read_{0};     // perhaps: no further, in any case
    bool is_begun_ = false;                  // the snapshots' thread's own
    std::uint64_t looked_at_ = 0;            // the audit's own, as what follows
    std::uint64_t allowed_ = 0;
};

}  // namespace coffer::audit
