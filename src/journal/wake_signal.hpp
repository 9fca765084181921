// Wakes a sleeping consumer thread. While the consumer is awake, waking it costs a load.
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

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace coffer::journal {

class wake_signal {
public:
    /// Throws std::system_error if there is no descriptor to be had.
    wake_signal() : bell_{::eventfd(0, EFD_CLOEXEC)} {
        if (bell_ < 0)
            throw std::system_error{errno, std::system_category(), "eventfd"};
    }
    wake_signal(const wake_signal&) = delete;
    wake_signal& operator=(const wake_signal&) = delete;
    ~wake_signal() { ::close(bell_); }

    /// Announces that the sleeper is about to sleep. After this, and before sleep, it must check
    /// once more for published work, by sequentially consistent loads.
    void prepare() noexcept { asleep_.store(1, std::memory_order_seq_cst); }

    /// Sleeps until wake is called; returns at once if it was called since prepare.
    void sleep() noexcept {
        // Acquire: pairs with the exchange in wake. Not by std::atomic's wait, which yields the
        // processor a few times first: a lone client then waits a fifth longer. A count that an
        // earlier wake has left in the eventfd, after cancel, is read and ignored.
        while (asleep_.load(std::memory_order_acquire) != 0) {
            std::uint64_t rung = 0;
            [[maybe_unused]] const ssize_t got = ::read(bell_, &rung, sizeof rung);
        }
    }

    /// Cancels prepare. Relaxed: a producer that still sees the sleeper asleep makes one needless
    /// system call.
    void cancel() noexcept { asleep_.store(0, std::memory_order_relaxed); }

    /// Wakes the sleeper if it sleeps. It then sees what was published before by a sequentially
    /// consistent store.
    void wake() noexcept {
        if (asleep_.load(std::memory_order_seq_cst) == 0)
            return;
        // One of many producers makes the system call. Release: pairs with the load in sleep.
        if (asleep_.exchange(0, std::memory_order_acq_rel) != 0)
            ring();
    }

private:
    void ring() const noexcept {
        const std::uint64_t one = 1;
        // Fails only when it is interrupted: the count never comes near its limit.
        while (::write(bell_, &one, sizeof one) < 0 && errno == EINTR)
            ;
    }

    const int bell_;
    alignas(64) std::atomic<std::uint32_t> asleep_{0};
};

}  // namespace coffer::journal
