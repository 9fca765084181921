#include "command/running_copy.hpp"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>

#include "ops/log.hpp"
#include "ops/stopping.hpp"

namespace coffer::command {
namespace {

constexpr std::int64_t one_interruption_ns = 1'000'000'000;  // signals within this count as one

std::atomic<int> received{0};
std::atomic<std::int64_t> received_ns{0};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);  // as a signal handler needs it

/// Ends the process by the signal, as if it had no handler.
void end_by(int signal) {
    if (::getpid() == 1)  // signals have no default effect there
        ::_exit(128 + signal);
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // in a handler: takes effect when the handler returns
}

// The first signal makes the copy stop at its next check, which a hanging disk may delay without
// end: so a second signal ends the process.
extern "C" void on_signal(int signal) {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const std::int64_t now_ns = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
    std::int64_t first_ns = 0;
    // Relaxed: no other data depends on it. If this fails, first_ns is the time of the first
    // signal.
    if (received_ns.compare_exchange_strong(first_ns, now_ns, std::memory_order_relaxed,
                                            std::memory_order_relaxed)) {
        received.store(signal, std::memory_order_relaxed);
        stopping::request();
    } else if (now_ns - first_ns >= one_interruption_ns) {
        end_by(signal);
    }
}

/// Makes these signals stop a copy, except those that the process was started to ignore (nohup).
void take_signals() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction before {};
        ::sigaction(signal, nullptr, &before);
        if (before.sa_handler != SIG_IGN)
            std::signal(signal, on_signal);
    }
}

}  // namespace

int run_copy(const std::function<int()>& copy) {
    log::start();
    take_signals();
    try {
        return copy();
    } catch (const stopping::stopped&) {
        log::end_with("coffer: interrupted: the copy is not made\n");
        end_by(received.load(std::memory_order_relaxed));
        return EXIT_FAILURE;  // not reached
    }
}

}  // namespace coffer::command
