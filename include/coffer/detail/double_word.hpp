// The 16-byte compare-and-swap.
//
// std::atomic of 16 bytes is a library call under GCC (which may take locks), and inline under
// Clang only where it can see the alignment. The __sync builtin on an aligned 16-byte integer is
// inlined by both, and unlike inline assembly it is seen by the thread sanitizer. (For 64-bit ARM
// both may call a function of the compiler's support library, which checks once whether the
// processor has the instruction for it. It takes no lock.)
#pragma once

#include <cstdint>

#include <coffer/detail/macros_push.inc>

#if !defined(__GNUC__)
#error "coffer needs the GCC or Clang builtins for atomic access"
#elif defined(__x86_64__) && !defined(__GCC_HAVE_SYNC_COMPARE_AND_SWAP_16)
#error \
    "coffer needs a 16-byte compare-and-swap: compile with -mcx16 (coffer::coffer does it for you)"
#elif !defined(__aarch64__) && !defined(__GCC_HAVE_SYNC_COMPARE_AND_SWAP_16)
// GCC does not define it for 64-bit ARM, which always has one.
#error "coffer needs a target with a 16-byte compare-and-swap: x86-64 or 64-bit ARM"
#endif

namespace coffer::detail {

/// Two 64-bit words that change as one. All zero bits are valid: no constructor has to run.
struct alignas(16) double_word {
    std::uint64_t first;
    std::uint64_t second;

    friend bool operator==(const double_word&, const double_word&) noexcept = default;
};
static_assert(sizeof(double_word) == 16 && alignof(double_word) == 16);

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Watomic-implicit-seq-cst"
#endif

/// Replaces `word` by `desired` if it is `expected`, as one atomic step, with both memory orders
/// seq_cst (the builtin has no weaker one). Returns false if it was not `expected`.
[[nodiscard]] inline bool compare_and_swap(double_word& word, const double_word& expected,
                                           const double_word& desired) noexcept {
    __extension__ using whole [[gnu::__may_alias__]] = unsigned __int128;
    const auto as_whole = [](const double_word& value) noexcept {
        return static_cast<whole>(value.second) << 64 | value.first;
    };
    static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "first is the low half");
#if defined(__clang__) && defined(__aarch64__)
    // For 64-bit ARM with neither the instruction nor the library function, Clang (14 and 19) reads
    // a half that is not used into the zero register, and writes that back. So both are used.
    const whole found = __sync_val_compare_and_swap(reinterpret_cast<whole*>(&word),
                                                    as_whole(expected), as_whole(desired));
    const auto first = static_cast<std::uint64_t>(found);
    const auto second = static_cast<std::uint64_t>(found >> 64);
    __asm__ volatile("" ::"r"(first), "r"(second));
    return double_word{first, second} == expected;
#else
    return __sync_bool_compare_and_swap(reinterpret_cast<whole*>(&word), as_whole(expected),
                                        as_whole(desired));
#endif
}

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

/// Loads one half. The halves of a word may be from different moments: see load_state.
[[nodiscard]] inline std::uint64_t load_acquire(const std::uint64_t& half) noexcept {
    return __atomic_load_n(&half, __ATOMIC_ACQUIRE);
}

}  // namespace coffer::detail

#include <coffer/detail/macros_pop.inc>
