// Tells the clerk where holds may have expired, without a look at every hold.
//
// Guarantees     A hold that was noted after it was placed is found: until the clerk has taken the
//                bound of its chunk, earliest_ns is not later than its expiry, and neither is the
//                bound.
// Limits         It knows bounds, not holds: a hold that ends early leaves its time behind, which
//                costs the clerk one look at the chunk.
// Invariants     1. A chunk's bound is not later than the expiry of any hold in it that was noted
//                   since the bound was last taken.
//                2. Outside a round, earliest_ns is not later than any bound. Within one that holds
//                   for the chunks that the round has passed: see begin_round.
// Thread safety  note and earliest_ns are for any thread, lock-free but for the allocator; the rest
//                is for the clerk's.
//
// A chunk is 64 slots of the ledger's table of holds: 8 bytes for 4 KiB of holds. Times are record
// times, ns since 1970.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace coffer {

class expiry_index {
public:
    static constexpr std::int64_t never = INT64_MAX;
    static constexpr std::uint32_t chunk_slots = 64;
    static constexpr std::size_t max_chunks = (std::size_t{1} << 32) / chunk_slots;

    expiry_index() = default;
    expiry_index(const expiry_index&) = delete;
    expiry_index& operator=(const expiry_index&) = delete;
    ~expiry_index();

    /// Notes a hold of this slot that expires then. Without memory for the chunk's bound, the next
    /// round goes through all chunks.
    void note(std::uint32_t slot, std::int64_t expires_at_ns) noexcept;

    /// No hold that was noted expires before this. 0 before the first round.
    [[nodiscard]] std::int64_t earliest_ns() const noexcept {
        return earliest_ns_.load(std::memory_order_seq_cst);  // see note
    }

    /// Begins a round through the chunks: earliest_ns is forgotten. For each chunk, in any order,
    /// the caller then calls take, or keep if the bound is not reached. Returns whether the chunks
    /// that have no bound must be looked at too: at first, and after a lack of memory.
    [[nodiscard]] bool begin_round() noexcept;
    [[nodiscard]] std::int64_t bound_ns(std::size_t chunk) const noexcept;
    /// Forgets the bound of a chunk: what expires later in it is to be noted again.
    void take(std::size_t chunk) noexcept;
    void keep(std::size_t chunk) noexcept { lower(earliest_ns_, bound_ns(chunk)); }

    /// No chunk from this one on has a bound.
    [[nodiscard]] std::size_t chunks() const noexcept {
        return chunks_.load(std::memory_order_seq_cst);
    }

private:
    using bound = std::atomic<std::int64_t>;
    static constexpr std::size_t first_block = 1024;  // chunks; each block has twice as many
    static constexpr std::size_t blocks = 18;
    static_assert((first_block << blocks) - first_block >= max_chunks);

    static void lower(bound& one, std::int64_t to) noexcept;
    [[nodiscard]] bound* find(std::size_t chunk) const noexcept;
    [[nodiscard]] bound* find_or_make(std::size_t chunk) noexcept;

    bound earliest_ns_{0};
    std::atomic<bool> is_incomplete_{true};
    std::atomic<std::size_t> chunks_{0};
    std::array<std::atomic<bound*>, blocks> blocks_{};
};

}  // namespace coffer
