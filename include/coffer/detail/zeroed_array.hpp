// An array in zeroed memory, in huge pages if it is large, and the error if there is no memory.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

#include <coffer/detail/macros_push.inc>

// After macros_push: this may be the first system header that a program includes.
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace coffer::detail {

inline constexpr std::size_t cache_line_bytes = 64;

/// Throws std::bad_alloc. Aborts in a program without exceptions.
[[noreturn]] inline void refuse_memory() {
#if defined(__cpp_exceptions)
    throw std::bad_alloc{};
#else
    std::abort();
#endif
}

/// An array in zeroed memory, whose pages become resident when they are first accessed.
template <class Element>
class zeroed_array {
    // An implicit-lifetime type: its objects begin to exist in the memory that calloc returns.
    static_assert(std::is_trivially_destructible_v<Element> &&
                  (std::is_trivially_default_constructible_v<Element> ||
                   std::is_trivially_copyable_v<Element>));

public:
    /// begin() is null if there is no memory for it.
    explicit zeroed_array(std::size_t size) noexcept {
        const std::size_t bytes = size * sizeof(Element);
        const bool large = bytes >= huge_page_bytes;
        const std::size_t alignment = large ? huge_page_bytes : cache_line_bytes;
        // Whole huge pages: a large array must not end with pages of 4 KiB.
        const std::size_t whole = (bytes + alignment - 1) / alignment * alignment;
        std::size_t room = whole + alignment;
        // calloc, not an aligned allocation and a fill: pages that are not accessed take no memory.
        memory_ = std::calloc(room, 1);
        void* aligned = memory_;
        if (memory_ != nullptr && std::align(alignment, whole, aligned, room) != nullptr) {
            begin_ = static_cast<Element*>(aligned);
            if (large)
                ask_for_huge_pages(aligned, whole);
        }
    }
    zeroed_array(const zeroed_array&) = delete;
    zeroed_array& operator=(const zeroed_array&) = delete;
    ~zeroed_array() { std::free(memory_); }

    [[nodiscard]] Element* begin() const noexcept { return begin_; }

private:
    static constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

    /// With pages of 4 KiB, most random accesses to a large table also miss the TLB.
    static void ask_for_huge_pages([[maybe_unused]] void* begin,
                                   [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
        // Advice only: without huge pages the table is slower.
        static_cast<void>(::madvise(begin, bytes, MADV_HUGEPAGE));
#endif
    }

    void* memory_ = nullptr;
    Element* begin_ = nullptr;
};

}  // namespace coffer::detail

#include <coffer/detail/macros_pop.inc>
