#include "audit/interruption.hpp"

#include <atomic>

namespace coffer::audit {
namespace {

std::atomic<bool> asked{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // as a signal handler needs it

}  // namespace

void interrupt() noexcept {
    asked.store(true, std::memory_order_relaxed);  // orders nothing
}

void throw_if_interrupted() {
    if (asked.load(std::memory_order_relaxed))
        throw interrupted{};
}

}  // namespace coffer::audit
