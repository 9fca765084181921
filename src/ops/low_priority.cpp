#include "ops/low_priority.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace coffer {

void run_when_idle() noexcept {
    constexpr int lowest_niceness = 19;
    const sched_param none{};
    // In Linux, both are a thread's own: 0 is the one that calls.
    if (::sched_setscheduler(0, SCHED_IDLE, &none) != 0)
        static_cast<void>(
            ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), lowest_niceness));
}

void run_as_others(std::thread& one) noexcept {
    const sched_param none{};
    static_cast<void>(::pthread_setschedparam(one.native_handle(), SCHED_OTHER, &none));
}

}  // namespace coffer
