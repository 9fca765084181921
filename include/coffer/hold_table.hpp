// Keeps the holds of all accounts: an array of slots that grows, with a list of the free ones.
//
// Guarantees     find, take and give_back are lock-free except for the allocator, which take needs
//                when the table grows. A slot never moves, so it stays valid while the table lives.
// Limits         2^32 - 1 slots. Memory is not given back: a slot whose hold is forgotten is used
//                for another one, but not while an unfinished cut may need it: so there are at most
//                as many as the most holds at once, twice. A slot that has changed 2^41 times is
//                not used again; an open hold that has been captured from 2^42 times cannot end.
// Thread safety  everything but construction, destruction, restore and what is for hold_follower
//                may be called from any thread at once.
// Invariants     1. A slot's state word is protected by its hold's account: see
//                   detail/transaction_table.hpp. Only two changes are made otherwise, both by the
//                   one thread that succeeds: an ended hold is forgotten, and a cut moves a slot.
//                2. The other fields are written only while the slot is free, by the one thread
//                   that has taken it. So they belong to a state of the word that is no free one,
//                   if that is the same before and after they are read.
//                3. A cut finds an ended hold's fields although the hold was forgotten since: the
//                   slot is not taken while an unfinished cut may read its `before` word. Slots
//                   kept for that are listed by their epoch, so that one of them does not hide
//                   those that may be taken, and the table does not grow while there are any.
//
// A slot is 64 bytes, one cache line. The links of the free list are in an array of their own,
// since invariant 3 leaves no field of a free slot unused.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include <coffer/account_number.hpp>
#include <coffer/cut.hpp>
#include <coffer/detail/account_slot.hpp>
#include <coffer/detail/state_cell.hpp>
#include <coffer/detail/zeroed_array.hpp>
#include <coffer/hold.hpp>
#include <coffer/money.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

namespace detail {

/// Whether this state of a slot is a hold: an open one has a value, an ended one has a status.
[[nodiscard]] constexpr bool is_hold(account_state state) noexcept {
    return state.value != money{} || state.flags != 0;
}

/// The hold `one`, as this state of its word leaves it.
[[nodiscard]] constexpr hold in_state(hold one, account_state state) noexcept {
    one.status = static_cast<hold_status>(state.flags);
    const bool is_open = one.status == hold_status::held;
    one.remaining = is_open ? state.value : money{};
    one.captured =
        is_open ? money::from_minor(one.amount.minor() - state.value.minor()) : state.value;
    return one;
}

/// One hold. In its state word the value is what is left of an open hold, and of an ended one what
/// was captured; the flags are its hold_status, which is `held` for a free slot too.
class alignas(64) hold_slot {
public:
    [[nodiscard]] cut_cell state() noexcept { return {state_, before_}; }

    /// Writes the fields. Called by the thread that has taken the slot.
    void describe(const hold& one) noexcept {
        // Releases: a reader that finds one of these, and then the state, finds that the slot has
        // been free. Pairs with the acquires in fields.
        __atomic_store_n(&account_, one.account, __ATOMIC_RELEASE);
        __atomic_store_n(&placed_sequence_, one.id.sequence, __ATOMIC_RELEASE);
        __atomic_store_n(&amount_minor_, one.amount.minor(), __ATOMIC_RELEASE);
        __atomic_store_n(&expires_at_ns_, one.expires_at_ns, __ATOMIC_RELEASE);
    }

    /// The hold that the fields and `state` describe, if they belong together.
    [[nodiscard]] hold described(std::uint32_t slot, account_state state) const noexcept {
        hold one{};
        one.account = __atomic_load_n(&account_, __ATOMIC_ACQUIRE);
        one.id = {__atomic_load_n(&placed_sequence_, __ATOMIC_ACQUIRE), slot};
        one.amount = money::from_minor(__atomic_load_n(&amount_minor_, __ATOMIC_ACQUIRE));
        one.expires_at_ns = __atomic_load_n(&expires_at_ns_, __ATOMIC_ACQUIRE);
        return in_state(one, state);
    }

    /// Whether the fields are of this hold.
    [[nodiscard]] bool is(account_number account, std::uint64_t placed_sequence) const noexcept {
        return __atomic_load_n(&account_, __ATOMIC_ACQUIRE) == account &&
               (__atomic_load_n(&placed_sequence_, __ATOMIC_ACQUIRE) == placed_sequence ||
                planted == bug::stale_generation);
    }

    struct reading {
        account_state state;
        hold described;
    };
    /// The state, and the hold if it is one, of one moment.
    [[nodiscard]] reading read(std::uint32_t slot) const noexcept {
        for (;;) {
            const account_state state = state_.load();
            if (!is_hold(state))
                return {state, {}};
            const hold one = described(slot, state);
            if (state_.load() == state)
                return {state, one};
        }
    }

private:
    state_cell state_;
    double_word before_;
    account_number account_;
    std::uint64_t placed_sequence_;
    std::int64_t amount_minor_;
    std::int64_t expires_at_ns_;
};
static_assert(sizeof(hold_slot) == 64);

class hold_table {
public:
    hold_table() = default;
    hold_table(const hold_table&) = delete;
    hold_table& operator=(const hold_table&) = delete;
    ~hold_table() {
        for (auto& one : segments_)
            delete one.load(std::memory_order_relaxed);  // no other thread uses the table any more
    }

    /// Returns the slot; null if it was never taken.
    [[nodiscard]] hold_slot* find(std::uint32_t slot) const noexcept {
        return slot < end() ? &at(slot) : nullptr;
    }

    /// Takes a free slot. Nothing if there is no memory.
    [[nodiscard]] std::optional<std::uint32_t> take(const epoch_clock& epochs) noexcept;

    /// Gives a slot back that is free and was taken, by the thread that took it or freed it.
    void give_back(std::uint32_t slot) noexcept;

    /// Takes this slot, which was never taken, and frees those before it that never were. Returns
    /// false if it was taken, or if there is no memory.
    [[nodiscard]] bool restore(std::uint32_t slot) noexcept;

    // For hold_follower, which takes slots by their numbers, and while it does so alone.

    /// Empties the lists of free slots.
    void hide_free() noexcept {
        for (double_word* const list : {&free_, kept_.data(), kept_.data() + 1})
            while (pop(*list))
                ;
    }
    /// Gives back all slots that are free.
    void give_back_unused() noexcept {
        const std::uint32_t all = end();
        for (std::uint32_t slot = 0; slot != all; ++slot)
            if (!is_hold(at(slot).state().state.load()))
                give_back(slot);
    }
    /// Has the slot, and all before it, be there. Returns false if there is no memory.
    [[nodiscard]] bool reach(std::uint32_t slot) noexcept {
        while (slot >= end())
            if (!grow())
                return false;
        return true;
    }
    /// Whether an unfinished cut may need the hold that was in this slot, which is free.
    [[nodiscard]] bool is_needed(std::uint32_t slot, const epoch_clock& epochs) const noexcept {
        return is_kept(slot, epochs.now(), epochs);
    }

    /// All slots that were ever taken are before this one.
    [[nodiscard]] std::uint32_t end() const noexcept {
        // Acquire: pairs with the release in grow, which comes after the segment is there.
        return end_.load(std::memory_order_acquire);
    }

    /// The number of slots that are taken.
    [[nodiscard]] std::size_t size() const noexcept {
        std::uint64_t free = load_acquire(free_.first) >> count_shift;
        for (const double_word& list : kept_)
            free += load_acquire(list.first) >> count_shift;
        // Of different moments: a slot that changes from list to list may be counted twice.
        const std::uint32_t all = end();
        return free < all ? all - free : 0;
    }

    /// Moves the slot to `epoch`, and returns the hold that it was in the cut of that epoch.
    [[nodiscard]] std::optional<hold> cut(std::uint32_t slot, std::uint16_t epoch) noexcept;

private:
    static constexpr std::uint32_t first_slots = 1024;
    static constexpr std::size_t max_segments = 23;
    static constexpr std::uint32_t most_slots = UINT32_MAX;
    static constexpr int count_shift = 32;
    static_assert(std::uint64_t{first_slots} << (max_segments - 1) == std::uint64_t{1} << 32);

    struct segment {
        explicit segment(std::size_t size) noexcept : slots{size}, links{size} {}
        zeroed_array<hold_slot> slots;
        zeroed_array<std::uint32_t> links;  ///< of the free list: the next slot plus one, 0: none
    };
    struct place {
        std::size_t segment;
        std::size_t index;
    };

    /// Segment 0 has the first slots, and each further one as many as all before it.
    [[nodiscard]] static constexpr place place_of(std::uint32_t slot) noexcept {
        const auto segment = static_cast<std::size_t>(std::bit_width(slot / first_slots));
        return {segment, segment == 0 ? slot : slot - (first_slots << (segment - 1))};
    }
    [[nodiscard]] static constexpr std::size_t slots_of(std::size_t segment) noexcept {
        return segment == 0 ? first_slots : std::size_t{first_slots} << (segment - 1);
    }
    [[nodiscard]] segment& segment_of(place where) const noexcept {
        // Acquire: pairs with the release in obtain.
        return *segments_[where.segment].load(std::memory_order_acquire);
    }
    [[nodiscard]] hold_slot& at(std::uint32_t slot) const noexcept {
        const place where = place_of(slot);
        return segment_of(where).slots.begin()[where.index];
    }
    [[nodiscard]] std::uint32_t& link(std::uint32_t slot) const noexcept {
        const place where = place_of(slot);
        return segment_of(where).links.begin()[where.index];
    }
    [[nodiscard]] bool obtain(std::size_t index) noexcept;
    [[nodiscard]] std::optional<std::uint32_t> grow() noexcept;
    [[nodiscard]] std::optional<std::uint32_t> take_new(const epoch_clock& epochs) noexcept;
    [[nodiscard]] bool is_kept(std::uint32_t slot, std::uint16_t epoch,
                               const epoch_clock& epochs) const noexcept;
    [[nodiscard]] std::optional<std::uint32_t> pop(double_word& list) noexcept;
    void push(double_word& list, std::uint32_t slot) noexcept;

    std::array<std::atomic<segment*>, max_segments> segments_{};
    // Written by every placing: not beside what is only read.
    alignas(cache_line_bytes) std::atomic<std::uint32_t> end_{0};
    // Lists. first: the first slot plus one, 0: none, and above it the number of slots. second: a
    // version, which each change raises, so that no state of a list comes back.
    double_word free_{};
    std::array<double_word, 2> kept_{};  // of even epochs, and of odd ones
};

// Implementation details follow.

inline bool hold_table::obtain(std::size_t index) noexcept {
    if (segments_[index].load(std::memory_order_acquire) != nullptr)
        return true;
    auto made = std::unique_ptr<segment>{new (std::nothrow) segment{slots_of(index)}};
    if (!made || made->slots.begin() == nullptr || made->links.begin() == nullptr)
        return false;
    segment* found = nullptr;
    // Release: after the segment was made. Nothing of another thread's segment is used here.
    if (segments_[index].compare_exchange_strong(found, made.get(), std::memory_order_acq_rel,
                                                 std::memory_order_acquire))
        static_cast<void>(made.release());
    return true;
}

inline std::optional<std::uint32_t> hold_table::grow() noexcept {
    std::uint32_t slot = end();
    // Release: after the segment is there.
    do {
        if (slot == most_slots || !obtain(place_of(slot).segment))
            return std::nullopt;
    } while (!end_.compare_exchange_weak(slot, slot + 1, std::memory_order_acq_rel,
                                         std::memory_order_acquire));
    return slot;
}

inline std::optional<std::uint32_t> hold_table::pop(double_word& list) noexcept {
    for (;;) {
        // Acquire: after all that was done to the slot before it was given back. If the halves are
        // of different moments, the compare-and-swap fails.
        const double_word head{load_acquire(list.first), load_acquire(list.second)};
        const auto first = static_cast<std::uint32_t>(head.first);
        if (first == 0)
            return std::nullopt;
        // If the slot is no longer the first one, this may be anything, and the compare-and-swap
        // fails. Relaxed: if it succeeds, the slot was not given back since `head` was loaded.
        const std::uint32_t next = __atomic_load_n(&link(first - 1), __ATOMIC_RELAXED);
        COFFER_TEST_STEP();
        const std::uint64_t count = (head.first >> count_shift) - 1;
        if (compare_and_swap(list, head, {count << count_shift | next, head.second + 1}))
            return first - 1;
    }
}

inline void hold_table::give_back(std::uint32_t slot) noexcept {
    if (at(slot).state().state.load().sequence > max_sequence / 2)
        return;  // its sequences must last for its next hold: it is not used again
    push(free_, slot);
}

inline void hold_table::push(double_word& list, std::uint32_t slot) noexcept {
    double_word head{};
    double_word after{};
    do {
        head = {load_acquire(list.first), load_acquire(list.second)};
        after = {((head.first >> count_shift) + 1) << count_shift | (slot + 1), head.second + 1};
        // Relaxed: the compare-and-swap below publishes it.
        __atomic_store_n(&link(slot), static_cast<std::uint32_t>(head.first), __ATOMIC_RELAXED);
        COFFER_TEST_STEP();
    } while (!compare_and_swap(list, head, after));
}

// Invariant 3. The epoch was loaded after the slot was given back, so it is at least the one in
// which its hold was forgotten.
inline bool hold_table::is_kept(std::uint32_t slot, std::uint16_t epoch,
                                const epoch_clock& epochs) const noexcept {
    const account_state before = load_state(at(slot).state().before);
    return before.epoch == epoch && is_hold(before) && !epochs.is_finished(epoch);
}

inline std::optional<std::uint32_t> hold_table::take(const epoch_clock& epochs) noexcept {
    while (const auto slot = pop(free_)) {
        const std::uint16_t epoch = epochs.now();
        if (!is_kept(*slot, epoch, epochs)) [[likely]]
            return slot;
        push(kept_[epoch % 2], *slot);
    }
    const std::uint16_t epoch = epochs.now();
    // First those of the epoch before, which may all be taken.
    for (double_word* const list : {&kept_[1 - epoch % 2], &kept_[epoch % 2]})
        if (const auto slot = pop(*list)) {
            if (!is_kept(*slot, epochs.now(), epochs))
                return slot;
            push(*list, *slot);
        }
    return take_new(epochs);
}

// In the current epoch at once, which spares the hold that it is for the steps to move it.
inline std::optional<std::uint32_t> hold_table::take_new(const epoch_clock& epochs) noexcept {
    const auto slot = grow();
    if (slot)
        // False if a cut was faster.
        static_cast<void>(
            at(*slot).state().state.replace({}, account_state{{}, 0, 0, epochs.now()}));
    return slot;
}

inline bool hold_table::restore(std::uint32_t slot) noexcept {
    if (slot < end() || slot == most_slots)
        return false;
    for (;;) {
        const auto next = grow();
        if (!next || *next == slot)
            return next.has_value();
        give_back(*next);
    }
}

// As cut_state, for a word that is never reserved. The fields are read before the word is moved: if
// that succeeds, they belonged to it. They belong to the `before` word by invariant 3.
inline std::optional<hold> hold_table::cut(std::uint32_t slot, std::uint16_t epoch) noexcept {
    hold_slot& one = at(slot);
    for (;;) {
        const account_state state = one.state().state.load();
        const bool is_moved = state.epoch == epoch;
        const account_state taken = is_moved ? load_state(one.state().before) : state;
        const hold found = one.described(slot, taken);
        account_state moved = state;
        moved.epoch = epoch;
        if (!is_moved && !one.state().state.replace(state, moved))
            continue;
        const bool is_in_cut = taken.epoch == epoch || !is_moved;
        return is_in_cut && is_hold(taken) ? std::optional{found} : std::nullopt;
    }
}

}  // namespace detail
}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
