#include "engine/expiry_index.hpp"

#include <bit>
#include <memory>
#include <new>

namespace coffer {
namespace {

/// A chunk's place: the block, and its index in it.
struct place {
    std::size_t block;
    std::size_t index;
};

constexpr place place_of(std::size_t chunk, std::size_t first_block) noexcept {
    const std::size_t numbered = chunk + first_block;
    const std::size_t block =
        static_cast<std::size_t>(std::bit_width(numbered) - std::bit_width(first_block));
    return {block, numbered - (first_block << block)};
}

}  // namespace

expiry_index::~expiry_index() {
    for (std::atomic<bound*>& one : blocks_)
        delete[] one.load(std::memory_order_relaxed);  // no other thread is left
}

// Everything here is in the one order of all threads. note lowers the bound and then looks at the
// earliest time; a round forgets the earliest time and then looks at the bounds: one of the two
// sees the other. And since the bound is written even where it stays the same, a take of it either
// comes before, and the bound is noted anew, or sees the hold that was placed before.
void expiry_index::note(std::uint32_t slot, std::int64_t expires_at_ns) noexcept {
    const std::size_t chunk = slot / chunk_slots;
    if (bound* const one = find_or_make(chunk)) {
        lower(*one, expires_at_ns);
        std::size_t found = chunks_.load(std::memory_order_seq_cst);
        while (found <= chunk &&
               !chunks_.compare_exchange_weak(found, chunk + 1, std::memory_order_seq_cst,
                                              std::memory_order_seq_cst))
            ;
    } else {
        is_incomplete_.store(true, std::memory_order_seq_cst);
    }
    if (expires_at_ns < earliest_ns_.load(std::memory_order_seq_cst))
        lower(earliest_ns_, expires_at_ns);
}

void expiry_index::lower(bound& one, std::int64_t to) noexcept {
    std::int64_t found = one.load(std::memory_order_seq_cst);
    while (!one.compare_exchange_weak(found, found < to ? found : to, std::memory_order_seq_cst,
                                      std::memory_order_seq_cst))
        ;
}

bool expiry_index::begin_round() noexcept {
    earliest_ns_.store(never, std::memory_order_seq_cst);
    return is_incomplete_.exchange(false, std::memory_order_seq_cst);
}

std::int64_t expiry_index::bound_ns(std::size_t chunk) const noexcept {
    const bound* const one = find(chunk);
    return one == nullptr ? never : one->load(std::memory_order_seq_cst);
}

void expiry_index::take(std::size_t chunk) noexcept {
    if (bound* const one = find(chunk))
        one->exchange(never, std::memory_order_seq_cst);
}

expiry_index::bound* expiry_index::find(std::size_t chunk) const noexcept {
    const place at = place_of(chunk, first_block);
    // Acquire: pairs with the release in find_or_make, so that its bounds are seen.
    bound* const block = blocks_[at.block].load(std::memory_order_acquire);
    return block == nullptr ? nullptr : block + at.index;
}

expiry_index::bound* expiry_index::find_or_make(std::size_t chunk) noexcept {
    if (bound* const one = find(chunk))
        return one;
    const place at = place_of(chunk, first_block);
    const std::size_t size = first_block << at.block;
    std::unique_ptr<bound[]> made{new (std::nothrow) bound[size]};
    if (!made)
        return nullptr;
    for (std::size_t i = 0; i != size; ++i)
        made[i].store(never, std::memory_order_relaxed);  // published below
    bound* found = nullptr;
    // Release: see find. Acquire on failure: another thread has made it.
    if (blocks_[at.block].compare_exchange_strong(found, made.get(), std::memory_order_acq_rel,
                                                  std::memory_order_acquire))
        found = made.release();
    return found + at.index;
}

}  // namespace coffer
