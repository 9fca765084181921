#include "ops/low_priority.hpp"

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

}  // namespace coffer
