#include "fuzz/allocations.hpp"

#include <cstdlib>
#include <new>

#if defined(__has_feature)
#define COFFER_HAS_FEATURE(name) __has_feature(name)
#else
#define COFFER_HAS_FEATURE(name) 0
#endif

namespace {

thread_local std::size_t count = 0;

}  // namespace

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    COFFER_HAS_FEATURE(address_sanitizer) || COFFER_HAS_FEATURE(thread_sanitizer)

// The sanitizers have an operator new of their own, which must not be replaced in part, and call
// this for every allocation.
extern "C" void __sanitizer_malloc_hook(const volatile void*, std::size_t) {
    ++count;
}

#else

void* operator new(std::size_t size) {
    ++count;
    if (void* const memory = std::malloc(size == 0 ? 1 : size))
        return memory;
    throw std::bad_alloc{};
}

void operator delete(void* memory) noexcept {
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

#endif

namespace coffer::fuzz {

std::size_t allocations() noexcept {
    return count;
}

}  // namespace coffer::fuzz
