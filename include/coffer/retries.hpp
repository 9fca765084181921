// Counts the compare-and-swaps that operations of a thread have lost to other threads.
//
//     const coffer::retry_count lost;         // in the thread that uses the ledger
//     ... lost.value() ...                    // in any thread
//
// Guarantees     While a thread has none, a lost compare-and-swap costs a load and a branch; one
//                that succeeds costs nothing in either case.
// Thread safety  Made and destroyed in the thread whose operations it counts; value() is for any.
#pragma once

#include <atomic>
#include <cstdint>

#include <coffer/detail/macros_push.inc>

namespace coffer {
namespace detail {

/// Of this thread; null: nobody counts. Hidden, as transactions::favourite is.
[[gnu::__visibility__(
    "hidden")]] inline thread_local std::atomic<std::uint64_t>* lost_replacements = nullptr;

/// An operation begins again, since another thread changed an account first. Not inlined into
/// postings, which mostly succeed.
[[gnu::__noinline__, gnu::__cold__, gnu::__visibility__("hidden")]] inline void
note_retry() noexcept {
    // Relaxed, and no addition in one step: this thread alone writes, and it orders nothing.
    if (auto* const count = lost_replacements; count != nullptr)
        count->store(count->load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace detail

/// How often operations of this thread on any ledger have begun again because another thread had
/// changed one of their accounts, while this exists. The last one made counts.
class retry_count {
public:
    retry_count() noexcept : before_{detail::lost_replacements} {
        detail::lost_replacements = &count_;
    }
    retry_count(const retry_count&) = delete;
    retry_count& operator=(const retry_count&) = delete;
    ~retry_count() { detail::lost_replacements = before_; }

    [[nodiscard]] std::uint64_t value() const noexcept {
        return count_.load(std::memory_order_relaxed);  // a count that orders nothing
    }

private:
    std::atomic<std::uint64_t>* const before_;
    std::atomic<std::uint64_t> count_{0};
};

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
