// How producers wake the one thread that consumes, at no cost to speak of while it is awake.
//
// Thread safety  wake may be called from any thread at once; the rest is for the sleeper.
//
// No wake-up is lost. The producer (1) publishes something and (2) loads the flag, in wake; the
// sleeper (3) sets the flag, in prepare, and (4) looks for what was published, and sleeps only if
// there is nothing. All four are sequentially consistent, so they have one order. If (2) does not
// find the flag set by (3), then (2) is before (3), so (1) is before (4), which finds it. If (2)
// finds it set, the producer takes it back and notifies; a sleeper that is only about to sleep
// finds the flag taken back, and does not. If another producer has taken it back already, the
// sleeper is awake, and the same argument holds for its next (3) and (4).
#pragma once

#include <atomic>
#include <cstdint>

namespace coffer::journal {

class wake_signal {
public:
    /// Says that the sleeper is about to sleep. After it, and before sleep, it must look once more
    /// for what it would sleep through, by sequentially consistent loads.
    void prepare() noexcept { asleep_.store(1, std::memory_order_seq_cst); }

    /// Sleeps until someone calls wake, or returns at once if someone did since prepare.
    void sleep() noexcept {
        // Acquire: pairs with the exchange in wake. libstdc++ gives the processor away a few times
        // and then waits in the kernel.
        asleep_.wait(1, std::memory_order_acquire);
    }

    /// Says that the sleeper does not sleep after all. Relaxed: a producer that still sees it
    /// asleep calls into the kernel in vain, and nothing else.
    void cancel() noexcept { asleep_.store(0, std::memory_order_relaxed); }

    /// Wakes the sleeper if it sleeps. What was published before, by a sequentially consistent
    /// store, it will see.
    void wake() noexcept {
        if (asleep_.load(std::memory_order_seq_cst) == 0)
            return;
        // Of many producers one calls into the kernel. Release: pairs with the load in sleep.
        if (asleep_.exchange(0, std::memory_order_acq_rel) != 0)
            asleep_.notify_one();
    }

private:
    alignas(64) std::atomic<std::uint32_t> asleep_{0};
};

}  // namespace coffer::journal
