// A sharded, insert-only hash table of accounts.
//
// Guarantees     find and find_or_insert are lock-free; find writes nothing. An account never moves
//                and never goes away while the table lives, so a slot stays good.
// Limits         accounts cannot be removed. Numbers are chosen by whoever may open accounts: the
//                hash spreads them well but is not keyed against an opponent, who could fill the
//                table with some 400 numbers.
// Thread safety  all but construction and destruction may be called from any thread at once.
// Invariants     1. A slot's number is set once and never changes.
//                2. An account is at the first slot of its window, in the first segment, that was
//                   free when it was inserted: so a number has exactly one slot, and a search in
//                   the order of the segments may stop at the first free slot.
//                3. Segments are only ever added, in order, and freed with the table.
//
// Memory is a chain of segments a shard. A segment is an array of accounts; a number's window is
// the 16 slots from the start of the cache line its hash falls on. An insert goes on to the next
// segment when the window is full, or when the segment is: then it first seals the free slot it
// would have taken, so that nobody else takes it and the search there ends as early as it does now.
//
// A search starts with the segment that holds the most accounts. Any order finds what is there.
//
// The account's number lies beside its state, as in linear probing (Knuth, The Art of Computer
// Programming, vol. 3, section 6.4), with two accounts to a line: at the load aimed at, 0.5, a
// search touches 1.17 lines on the average, one after the other in memory, and 1 in 3,000 accounts
// spills into the second segment. That is 64 bytes an account, and 32 more once cuts and postings
// have met: the `before` words lie apart, since only the first posting after a cut needs one.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include <coffer/account.hpp>
#include <coffer/cut.hpp>
#include <coffer/detail/zeroed_array.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

namespace detail {

inline constexpr std::size_t accounts_per_line = cache_line_bytes / sizeof(account);
inline constexpr std::size_t window_accounts = 16;
static_assert(window_accounts % accounts_per_line == 0);

/// What a sealed slot has for its number. The account that really has it lives outside the
/// segments.
inline constexpr account_number sealed = std::numeric_limits<account_number>::max();

/// A hash and what is left of it: each use takes the high bits it needs.
class hash_bits {
public:
    constexpr explicit hash_bits(account_number number) noexcept : bits_{mix(number)} {}

    /// A number below `bound`, evenly spread, without a division (Lemire, "Fast random integer
    /// generation in an interval", 2019). What is left of the hash goes to the next call.
    constexpr std::size_t take(std::size_t bound) noexcept {
        __extension__ using wide = unsigned __int128;
        const wide product = static_cast<wide>(bits_) * bound;
        bits_ = static_cast<std::uint64_t>(product);
        return static_cast<std::size_t>(product >> 64);
    }

private:
    /// Fibonacci hashing (Knuth, vol. 3, section 6.4) with both halves of the product folded, as
    /// Boost.Unordered does. Numbers that follow one another, as accounts mostly do, fall further
    /// apart than random ones would. The shift breaks the strides that would fall together: of the
    /// thousand or so tried few have over 1 % of their numbers outside the windows, the worst 10 %.
    static constexpr std::uint64_t mix(std::uint64_t x) noexcept {
        __extension__ using wide = unsigned __int128;
        const wide product = static_cast<wide>(x ^ (x >> 15)) * 0x9e3779b97f4a7c15U;
        return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    }

    std::uint64_t bits_;
};

/// An array of accounts, all free at first, and their `before` words.
class segment {
public:
    /// Null if there is no memory for it.
    [[nodiscard]] static std::unique_ptr<segment> create(std::size_t lines) noexcept {
        auto made = std::unique_ptr<segment>{new (std::nothrow) segment{lines}};
        const bool whole = made && made->accounts_.begin() && made->before_.begin();
        return whole ? std::move(made) : nullptr;
    }
    segment(const segment&) = delete;
    segment& operator=(const segment&) = delete;

    /// The first slot of the window for `hash`.
    [[nodiscard]] account* window(hash_bits hash) const noexcept {
        return begin() + hash.take(lines_) * accounts_per_line;
    }
    /// One of this segment's accounts with its word.
    [[nodiscard]] account_slot slot(account* one) const noexcept {
        return {one, begin(), before_.begin()};
    }

    [[nodiscard]] account* begin() const noexcept { return accounts_.begin(); }
    [[nodiscard]] account* end() const noexcept { return begin() + slots(lines_); }

    /// How many accounts it holds. Relaxed, as a count that orders nothing.
    [[nodiscard]] std::size_t size() const noexcept {
        return size_.load(std::memory_order_relaxed);
    }
    /// Past a load of 3/5 searches grow longer than another segment is worth.
    [[nodiscard]] bool full() const noexcept {
        return size() >= lines_ * accounts_per_line / 5 * 3;
    }
    void count_one() noexcept { size_.fetch_add(1, std::memory_order_relaxed); }

private:
    explicit segment(std::size_t lines) noexcept
        : lines_{lines}, accounts_{slots(lines)}, before_{slots(lines)} {}

    /// Windows do not wrap around: the last line's window has its slots behind it. Whole groups.
    static constexpr std::size_t slots(std::size_t lines) noexcept {
        const std::size_t least = lines * accounts_per_line + window_accounts - accounts_per_line;
        return (least + group_accounts - 1) / group_accounts * group_accounts;
    }

    std::size_t lines_;
    zeroed_array<account> accounts_;
    zeroed_array<double_word> before_;
    std::atomic<std::size_t> size_{0};
};

}  // namespace detail

class account_table {
public:
    [[gnu::__visibility__("hidden")]] static constexpr std::size_t max_shards = std::size_t{1}
                                                                                << 16;
    [[gnu::__visibility__("hidden")]] static constexpr std::size_t max_expected_accounts =
        std::size_t{1} << 40;

    /// Room for `expected_accounts` in `shards` parts, growing beyond as it must. Zero chooses.
    /// Throws std::bad_alloc, for more than the maxima above too (aborts without exceptions).
    account_table(std::size_t shards, std::size_t expected_accounts);

    /// The account of that number, or none if it was never inserted.
    [[nodiscard, gnu::__always_inline__]] inline detail::account_slot find(
        account_number number) const noexcept;

    /// Has the memory fetched that find will look at first.
    void prefetch(account_number number) const noexcept;

    /// The account of that number, inserted (not open) if it was not there. None if there is no
    /// memory for it. `number` is not 0.
    [[nodiscard]] detail::account_slot find_or_insert(account_number number) noexcept;

    /// How many accounts were inserted.
    [[nodiscard]] std::size_t size() const noexcept;

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

        /// The segment at `index`, made now if it is the first there; null if there is no memory.
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
    // The account whose number marks sealed slots, the first and only one of this.
    std::unique_ptr<segment> highest_{};
    std::unique_ptr<shard[]> shards_{};
};

// Implementation details follow.

inline account_table::account_table(std::size_t shards, std::size_t expected_accounts)
    : shard_count_{shards == 0 ? 4 : shards} {
    // Said here, since sizes beyond these would wrap around before the allocator saw them.
    if (shard_count_ > max_shards || expected_accounts > max_expected_accounts)
        detail::refuse_memory();
    constexpr std::size_t least_lines = 64;
    // A line, two slots, for each account: a load of 0.5.
    first_lines_ = std::max(expected_accounts / shard_count_, least_lines);
    shards_ = std::make_unique<shard[]>(shard_count_);
    highest_ = segment::create(1);
    if (!highest_)
        detail::refuse_memory();
    for (std::size_t i = 0; i != shard_count_; ++i) {
        segment* const first = shards_[i].obtain(0, first_lines_);
        if (first == nullptr)
            detail::refuse_memory();
        shards_[i].largest.store(first, std::memory_order_relaxed);  // no other thread knows of it
    }
}

inline account_table::shard::~shard() {
    for (auto& one : segments)
        delete one.load(std::memory_order_relaxed);  // the table's owner is its last user
}

// The second segment is small, for the few that spill where the first was sized for all of them;
// from the third on each is twice the last, so that growth from nothing wastes half at the most.
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
    // Sequentially consistent, here, below, in size and in visit_from, for cuts: see account::number.
    // That includes acquire and release, by which the segment's own members are seen.
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

// Kept out of the way of the searches that end in the largest segment, nearly all.
[[gnu::__noinline__, gnu::__cold__]] inline detail::account_slot account_table::find_outside(
    const shard& home, const segment& largest, detail::hash_bits hash,
    account_number number) noexcept {
    // From the newest on, since each is about as large as all before it together.
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
    // Acquire: as in find. For writing, and for a long time: that is what a posting will do. One
    // line alone, since five of six accounts are in it: two cost two threads a tenth.
    __builtin_prefetch(home.largest.load(std::memory_order_acquire)->window(hash), 1, 3);
}

// The number's slot, or none if its window has no room for it.
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
    // Acquire and release: as for any publication of a segment. Two threads may get in each other's
    // way here and leave the second largest; searches are then slower, not wrong.
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
