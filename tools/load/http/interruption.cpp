#include "load/http/interruption.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>

namespace coffer::load {
namespace {

using clock = std::chrono::steady_clock;
using ticks = clock::rep;

// When the first signal came, 0 if none has. Lock-free, so a handler may use it; relaxed, since
// nothing else is read by it.
std::atomic<ticks> first_at{0};
static_assert(std::atomic<ticks>::is_always_lock_free);

void on_signal(int signal) {
    constexpr ticks apart = clock::duration{std::chrono::seconds{1}}.count();
    const ticks now = clock::now().time_since_epoch().count();
    ticks first = 0;
    if (first_at.compare_exchange_strong(first, now, std::memory_order_relaxed,
                                         std::memory_order_relaxed) ||
        now - first < apart)
        return;
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // once this handler has returned
}

}  // namespace

void take_interruptions() {
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
}

bool is_interrupted() noexcept {
    return first_at.load(std::memory_order_relaxed) != 0;
}

}  // namespace coffer::load
