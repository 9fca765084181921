// Finds accounts by number: a sharded, insert-only hash table.
//
// Guarantees     find and find_or_insert are lock-free; find writes nothing. An account never moves
//                and is never removed while the table lives, so a slot stays valid.
// Limits         accounts cannot be removed. The hash spreads numbers well but is not keyed: a user
//                who may choose account numbers could fill the table with some 400 of them.
// Thread safety  all but construction and destruction may be called from any thread at once.
// Invariants     1. A slot's number is set once and never changes.
//                2. An account is at the first slot of its window, in the first segment, that was
//                   free when it was inserted: so a number has exactly one slot, and a search in
//                   the order of the segments may stop at the first free slot.
//                3. Segments are only ever added, in order, and freed with the table.
//
// Each shard has a chain of segments. A segment is an array of accounts; a number's window is the
// 16 slots from the start of the cache line that its hash selects. An insert goes on to the next
// segment if the window is full, or if the segment is: then it first seals the free slot it would
// have taken, so that no other insert takes it and a search there ends as early as before.
//
// A search starts with the segment that holds the most accounts. Every order finds the account.
//
// An account's number is beside its state, as in linear probing (Knuth, The Art of Computer
// Programming, vol. 3, section 6.4), two accounts to a cache line: at a load of 0.5, a search reads
// 1.17 lines on average, adjacent in memory, and 1 in 3,000 accounts is in the second segment. That
// is 64 bytes an account, and 32 more for a `before` word if cuts and postings overlap; those are
// in an array of their own, since only the first posting after a cut needs one. Accounts with holds
// take 32 bytes more for the sum of those, and 32 for its `before` word, in two further arrays.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include <coffer/account.hpp>
#include <coffer/detail/account_segment.hpp>
#include <coffer/detail/account_slot.hpp>
#include <coffer/detail/hash_bits.hpp>
#include <coffer/detail/zeroed_array.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

class account_table {
public:
    [[gnu::__visibility__("hidden")]] static constexpr std::size_t max_shards = std::size_t{1}
                                                                                << 16;
    [[gnu::__visibility__("hidden")]] static constexpr std::size_t max_expected_accounts =
        std::size_t{1} << 40;

    /// Allocates memory for `expected_accounts` in `shards` shards, and more when needed. Zero: a
    /// default. Throws std::bad_alloc, also above the maxima (aborts without exceptions).
    account_table(std::size_t shards, std::size_t expected_accounts);

    /// Returns the slot of the account; none if it was never inserted.
    [[nodiscard, gnu::__always_inline__]] inline detail::account_slot find(
        account_number number) const noexcept;

    /// Prefetches the memory that find reads first.
    void prefetch(account_number number) const noexcept;
    /// The same, and what is probably the account's held total.
    void prefetch_with_held(account_number number) const noexcept;

    /// Returns the slot of the account, and inserts it (not open) if it is missing. None if there
    /// is no memory. `number` is not 0.
    [[nodiscard]] detail::account_slot find_or_insert(account_number number) noexcept;

    /// The number of inserted accounts.
    [[nodiscard]] std::size_t size() const noexcept;

    /// The highest number that note_number was called with; 0: none.
    [[nodiscard]] account_number highest_number() const noexcept {
        return highest_number_.load(std::memory_order_relaxed);  // orders nothing
    }
    void note_number(account_number number) noexcept;

    /// A place in the order in which visit_from goes through the table, at first its beginning.
    struct visit_place {
        std::size_t shard = 0;
        std::size_t segment = 0;
        std::size_t slot = 0;
        bool is_end = false;
    };

    /// Calls `visitor(slot)` for the accounts from `from` on, in no particular order, until it
    /// returns false or `max_slots` slots were looked at, free ones among them; then `from` is
    /// behind the last of those. Returns whether that is the table's end. Calls from the beginning
    /// to the end together visit every account inserted before the first of them, and perhaps some
    /// inserted meanwhile. If the visitor throws, `from` is behind the account that it threw at.
    template <class Visitor>
    bool visit_from(visit_place& from, std::size_t max_slots, Visitor&& visitor) const;

private:
    using segment = detail::segment;
    static constexpr std::size_t max_segments = 40;

    struct alignas(detail::cache_line_bytes) shard {
        shard() = default;
        shard(const shard&) = delete;
        shard& operator=(const shard&) = delete;
        ~shard();

        /// Returns the segment at `index`, made now if it is missing; null if there is no memory.
        segment* obtain(std::size_t index, std::size_t first_lines) noexcept;
        void note_size(segment& where) noexcept;

        std::atomic<segment*> largest{nullptr};  // where searches start; never null
        std::array<std::atomic<segment*>, max_segments> segments{};
    };

    static std::size_t segment_lines(std::size_t index, std::size_t first_lines) noexcept;
    static detail::account_slot find_in(const segment& where, detail::hash_bits hash,
                                        account_number number) noexcept;
    static detail::account_slot find_outside(const shard& home, const segment& largest,
                                             detail::hash_bits hash,
                                             account_number number) noexcept;
    static detail::account_slot insert_in(segment& where, detail::hash_bits hash,
                                          account_number number) noexcept;

    [[nodiscard]] detail::account_slot highest() const noexcept {
        return highest_->slot(highest_->begin());
    }

    std::size_t shard_count_;
    std::size_t first_lines_ = 0;
    // The account whose number marks sealed slots: the only one in this segment.
    std::unique_ptr<segment> highest_{};
    std::unique_ptr<shard[]> shards_{};
    // In a cache line of its own: it is written by openings, and the others are read by all.
    alignas(detail::cache_line_bytes) std::atomic<account_number> highest_number_{0};
};

// Implementation details follow.

inline account_table::account_table(std::size_t shards, std::size_t expected_accounts)
    : shard_count_{shards == 0 ? 4 : shards} {
    // Checked here, since larger sizes would wrap around before the allocator saw them.
    if (shard_count_ > max_shards || expected_accounts > max_expected_accounts)
        detail::refuse_memory();
    constexpr std::size_t least_lines = 64;
    // A cache line, two slots, for each account: a load of 0.5.
    first_lines_ = std::max(expected_accounts / shard_count_, least_lines);
    shards_ = std::make_unique<shard[]>(shard_count_);
    highest_ = segment::create(1);
    if (!highest_)
        detail::refuse_memory();
    for (std::size_t i = 0; i != shard_count_; ++i) {
        segment* const first = shards_[i].obtain(0, first_lines_);
        if (first == nullptr)
            detail::refuse_memory();
        shards_[i].largest.store(first,
                                 std::memory_order_relaxed);  // no other thread sees it yet
    }
}

inline account_table::shard::~shard() {
    for (auto& one : segments)
        delete one.load(std::memory_order_relaxed);  // no other thread uses the table any more
}

// The second segment is small: for the few accounts that the first has no room for if it was sized
// for all. From the third on each is twice the last, so at most half of the memory is wasted.
inline std::size_t account_table::segment_lines(std::size_t index,
                                                std::size_t first_lines) noexcept {
    if (index == 0)
        return first_lines;
    if (index == 1)
        return std::max(first_lines / 64, std::size_t{8});
    return first_lines << (index - 2);
}

inline account_table::segment* account_table::shard::obtain(std::size_t index,
                                                            std::size_t first_lines) noexcept {
    std::atomic<segment*>& place = segments[index];
    // Sequentially consistent, here, below, in size and in visit_from, for cuts: see
    // account::number. That includes acquire and release, which publish the segment's members.
    if (segment* const there = place.load(std::memory_order_seq_cst))
        return there;
    auto made = segment::create(segment_lines(index, first_lines));
    segment* found = nullptr;
    if (made && place.compare_exchange_strong(found, made.get(), std::memory_order_seq_cst,
                                              std::memory_order_seq_cst))
        return made.release();
    return found;
}

inline detail::account_slot account_table::find_in(const segment& where, detail::hash_bits hash,
                                                   account_number number) noexcept {
    account* const begin = where.window(hash);
    for (account* at = begin; at != begin + detail::window_accounts; ++at) {
        const account_number held = at->number();
        if (held == number)
            return where.slot(at);
        if (held == 0 || held == detail::sealed)
            return {};
    }
    return {};
}

inline detail::account_slot account_table::find(account_number number) const noexcept {
    if (number == 0 || number == detail::sealed) [[unlikely]]
        return number != 0 && highest().account->number() == number ? highest()
                                                                    : detail::account_slot{};
    detail::hash_bits hash{number};
    const shard& home = shards_[hash.take(shard_count_)];
    // Acquire, here and below: pairs with the release that published the segment.
    const segment* const largest = home.largest.load(std::memory_order_acquire);
    if (const auto found = find_in(*largest, hash, number)) [[likely]]
        return found;
    return find_outside(home, *largest, hash, number);
}

// Not inlined: nearly all searches end in the largest segment.
[[gnu::__noinline__, gnu::__cold__]] inline detail::account_slot account_table::find_outside(
    const shard& home, const segment& largest, detail::hash_bits hash,
    account_number number) noexcept {
    // The newest first: each is about as large as all before it together.
    std::size_t count = 1;
    while (count != max_segments && home.segments[count].load(std::memory_order_acquire) != nullptr)
        ++count;
    while (count-- != 0) {
        const segment* const one = home.segments[count].load(std::memory_order_acquire);
        if (one == &largest)
            continue;
        if (const auto found = find_in(*one, hash, number))
            return found;
    }
    return {};
}

inline void account_table::prefetch(account_number number) const noexcept {
    detail::hash_bits hash{number};
    const shard& home = shards_[hash.take(shard_count_)];
    // Acquire: as in find. For writing, and to stay in the cache, as a posting needs it. Only one
    // line, which has five of six accounts: a second one made two threads a tenth slower.
    __builtin_prefetch(home.largest.load(std::memory_order_acquire)->window(hash), 1, 3);
}

inline void account_table::prefetch_with_held(account_number number) const noexcept {
    detail::hash_bits hash{number};
    const shard& home = shards_[hash.take(shard_count_)];
    const segment& largest = *home.largest.load(std::memory_order_acquire);  // as in find
    account* const first = largest.window(hash);
    __builtin_prefetch(first, 1, 3);
    __builtin_prefetch(&largest.slot(first).held().state, 1, 3);
}

// Returns the number's slot; none if its window has no room.
inline detail::account_slot account_table::insert_in(segment& where, detail::hash_bits hash,
                                                     account_number number) noexcept {
    account* const begin = where.window(hash);
    for (account* at = begin; at != begin + detail::window_accounts; ++at) {
        account_number held = at->number();
        if (held == 0) {
            const account_number taker = where.full() ? detail::sealed : number;
            held = at->claim(taker);
            if (held == 0 && taker == number)
                where.count_one();
            if (held == 0)
                held = taker;
        }
        if (held == number)
            return where.slot(at);
        if (held == detail::sealed)
            return {};
    }
    return {};
}

inline detail::account_slot account_table::find_or_insert(account_number number) noexcept {
    if (number == detail::sealed) {
        static_cast<void>(highest().account->claim(number));
        return highest();
    }
    detail::hash_bits hash{number};
    shard& home = shards_[hash.take(shard_count_)];
    for (std::size_t index = 0; index != max_segments; ++index) {
        segment* const where = home.obtain(index, first_lines_);
        if (where == nullptr)
            return {};
        if (const auto mine = insert_in(*where, hash, number)) {
            home.note_size(*where);
            return mine;
        }
    }
    return {};
}

inline void account_table::shard::note_size(segment& where) noexcept {
    // Acquire and release: as for any publication of a segment. If two threads race here, the
    // second largest may stay; searches are then slower, not wrong.
    if (where.size() > largest.load(std::memory_order_acquire)->size())
        largest.store(&where, std::memory_order_release);
}

inline std::size_t account_table::size() const noexcept {
    std::size_t sum = highest().account->number() != 0 ? 1 : 0;
    for (std::size_t i = 0; i != shard_count_; ++i) {
        for (const auto& place : shards_[i].segments) {
            const segment* const one = place.load(std::memory_order_seq_cst);  // as in obtain
            if (one == nullptr)
                break;
            sum += one->size();
        }
    }
    return sum;
}

inline void account_table::note_number(account_number number) noexcept {
    account_number highest = highest_number();
    while (highest < number &&
           !highest_number_.compare_exchange_weak(highest, number, std::memory_order_relaxed,
                                                  std::memory_order_relaxed)) {
    }
}

template <class Visitor>
bool account_table::visit_from(visit_place& from, std::size_t max_slots, Visitor&& visitor) const {
    for (; from.shard != shard_count_; ++from.shard, from.segment = 0) {
        for (; from.segment != max_segments; ++from.segment, from.slot = 0) {
            // As in obtain.
            const segment* const one =
                shards_[from.shard].segments[from.segment].load(std::memory_order_seq_cst);
            if (one == nullptr)
                break;
            const auto size = static_cast<std::size_t>(one->end() - one->begin());
            while (from.slot != size) {
                if (max_slots-- == 0)
                    return false;
                account& each = one->begin()[from.slot++];
                if (each.number() != 0 && each.number() != detail::sealed &&
                    !visitor(one->slot(&each)))
                    return false;
            }
        }
    }
    if (!std::exchange(from.is_end, true) && highest().account->number() != 0)
        visitor(highest());
    return true;
}

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
