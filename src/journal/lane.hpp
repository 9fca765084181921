// A worker's queue to the journal: bounded, with one producer, the worker, and one consumer, the
// journal thread.
//
// A request in its simplest form, all of it in the worker's thread (teller.cpp also limits by
// budget, and wakes the journal once for several turns):
//
//     lane.begin();                                  // before the first operation on the ledger
//     if (!writer.accepting() || !lane.has_room_for())  // first: a posting cannot be taken back
//         ... 503 ...
//     else if (const auto made = ledger.deposit(account, amount))
//         last = lane.append(record::of_deposit(made.posting, amount, key));
//     lane.end();                                    // the journal thread sees what was appended
//     ... when lane.is_durable(last): reply ...
//
// A balance that shows another worker's posting which is not durable yet waits for it:
//
//     if (shown.sequence > ledger.durable_sequence(account))
//         last = lane.append_marker(account, shown.sequence);
//
// Many requests may go between begin and end.
//
// Guarantees     A record that was appended gets into the journal, after all records appended to
//                this lane before it, and after the account's earlier postings in any lane, unless
//                the writer has failed: then nothing more becomes durable.
//                append and append_marker are wait-free: a copy, and no atomic operation on a cache
//                line of another thread. begin is a plain store; end one store that is a barrier,
//                and a system call if the journal thread was asleep, which end_quietly leaves out.
// Limits         A fixed number of bytes. has_room_for returns false when they are used up.
// Thread safety  The first group of members is for the producer alone, the second for any thread,
//                the third for the journal thread alone.
// Invariants     1. consumed <= published <= end <= consumed + capacity, and durable <= consumed.
//                2. A record lies in one piece: one that would reach across the ring's end begins
//                   at the ring's beginning, and a filler takes the rest.
//                3. Everything is a multiple of 8 bytes, so the header of a filler always fits.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <coffer/account_number.hpp>

#include "journal/record.hpp"
#include "journal/wake_signal.hpp"

namespace coffer::journal {

/// A position in a lane: the number of bytes ever appended up to it.
using lane_ticket = std::uint64_t;

/// One entry of a lane, as the journal thread reads it.
struct lane_entry {
    enum class kind : std::uint8_t { record, marker, filler };

    kind what;
    std::span<const std::byte> bytes;
};

class lane {
public:
    static constexpr std::size_t min_bytes = 4096;

    /// Has room for `bytes`, rounded up to a power of two. The journal thread sleeps on `journal`,
    /// and calls `on_durable` when more of this lane has become durable; it must not throw. Throws
    /// std::bad_alloc.
    lane(std::size_t bytes, wake_signal& journal, std::function<void()> on_durable);
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;

    // For the producer.

    /// To be called before operations on the ledger. Not to be nested.
    void begin() noexcept;

    /// Whether there is room for so many more records or markers of any size, if the lane may hold
    /// `budget_bytes` in all. Nothing is set aside: to be called before each operation, or once for
    /// all of them. An empty lane with a budget of min_bytes has room for one.
    [[nodiscard]] bool has_room_for(std::size_t entries = 1,
                                    std::size_t budget_bytes = SIZE_MAX) noexcept;

    /// Appends a record, which has_room_for has found room for. Returns the ticket to wait for.
    lane_ticket append(const record& one) noexcept;

    /// Appends a marker, which does not get into the journal: its ticket is durable when the
    /// account's posting of this sequence is, which the producer has seen. Room as for append.
    lane_ticket append_marker(account_number account, std::uint64_t sequence) noexcept;

    /// Ends what begin began: publishes all that was appended to the journal thread, and wakes it.
    void end() noexcept;

    /// Ends what begin began without waking the journal thread: writer::wake is to be called soon.
    void end_quietly() noexcept;

    /// The most keyed records whose numbers are kept: the producer takes those before it appends
    /// more.
    static constexpr std::size_t max_numbers = 32'768;

    /// Takes the number that the next record with a key has in the journal. Once for each, in their
    /// order, after its ticket was found durable.
    [[nodiscard]] std::uint64_t take_number() noexcept {
        return numbers_[numbers_taken_++ % max_numbers];
    }

    // For any thread.

    /// Everything up to this ticket is durable. The caller then sees what the producer did before.
    [[nodiscard]] lane_ticket durable() const noexcept {
        // Acquire: pairs with the release in report_durable.
        return durable_.load(std::memory_order_acquire);
    }
    [[nodiscard]] bool is_durable(lane_ticket ticket) const noexcept { return durable() >= ticket; }

    /// Waits until every operation of this lane's producer that the caller has seen in the ledger
    /// has been appended. Returns the ticket to wait for then. It waits only for a producer that is
    /// between begin and end.
    [[nodiscard]] lane_ticket barrier() const noexcept;

    [[nodiscard]] std::size_t capacity() const noexcept { return mask_ + 1; }

    // For the journal thread.

    /// The end of the entries that can be read.
    [[nodiscard]] lane_ticket published() const noexcept {
        // Sequentially consistent: step (4) of wake_signal. It is an acquire as well, which pairs
        // with the store in end, so that the entries are seen.
        return published_.load(std::memory_order_seq_cst);
    }
    /// The entry that begins at `position`, which is below published() and not consumed.
    [[nodiscard]] lane_entry entry_at(lane_ticket position) const noexcept;

    /// Gives the room before `position` back to the producer.
    void consume(lane_ticket position) noexcept {
        // Release: pairs with the acquire in has_room_for, so that the entries were read before.
        consumed_.store(position, std::memory_order_release);
    }
    /// Notes the number of the next record with a key. Before it is reported as durable.
    void note_number(std::uint64_t record) noexcept {
        // Plain: report_durable's release comes after it, and the producer takes it after an
        // acquire that pairs with that; the record that overwrites it comes after that again.
        numbers_[numbers_noted_++ % max_numbers] = record;
    }
    /// Reports everything before `position` as durable, and calls on_durable.
    void report_durable(lane_ticket position);

private:
    [[nodiscard]] std::byte* take(std::size_t bytes) noexcept;
    void store_activity(std::uint64_t value, std::memory_order order) noexcept;

    const std::size_t mask_;
    const std::unique_ptr<std::uint64_t[]> units_;
    std::byte* const ring_;
    wake_signal& journal_;
    const std::function<void()> on_durable_;
    // Not set at first: memory that is not used is not taken.
    const std::unique_ptr<std::uint64_t[]> numbers_ =
        std::make_unique_for_overwrite<std::uint64_t[]>(max_numbers);

    // The producer's own.
    alignas(64) lane_ticket end_ = 0;
    lane_ticket consumed_seen_ = 0;
    std::uint64_t activity_count_ = 0;
    std::uint64_t numbers_taken_ = 0;

    // Written by the producer.
    alignas(64) std::atomic<lane_ticket> published_{0};
    std::atomic<std::uint64_t> activity_{0};  // odd between begin and end

    // Written by the journal thread, the first by it alone.
    std::uint64_t numbers_noted_ = 0;
    alignas(64) std::atomic<lane_ticket> consumed_{0};
    alignas(64) std::atomic<lane_ticket> durable_{0};
};

struct entry_key {
    account_number account;
    std::uint64_t sequence;
};

/// The accounts and sequences of an entry's postings: one, or several of a transfer, a transaction
/// and a capture to another account. Of a marker and a refusal, those of the posting that they have
/// seen. Refers to the entry's bytes.
class entry_keys {
public:
    explicit entry_keys(const lane_entry& one) noexcept;

    /// Whether the postings have been made by this entry, and not only been seen.
    [[nodiscard]] bool are_made() const noexcept { return are_made_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] entry_key operator[](std::size_t index) const noexcept;

private:
    std::span<const std::byte> bytes_;
    std::size_t size_ = 1;
    std::size_t stride_ = 0;
    bool are_made_ = false;
};

}  // namespace coffer::journal
