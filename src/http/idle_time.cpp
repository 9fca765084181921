#include "http/idle_time.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <ctime>

namespace coffer::http {
idle_time::found idle_time::since_begin() const noexcept {
    const reading end = now();
    const duration passed = end.at - begin_.at;
    const duration busy = end.busy - begin_.busy;
    const bool was_interrupted = end.interruptions != begin_.interruptions;
    return {passed, was_interrupted ? duration{0} : std::max(duration{0}, passed - busy)};
}

idle_time::reading idle_time::now() noexcept {
    rusage used{};
    ::getrusage(RUSAGE_THREAD, &used);
    timespec busy{};  // that of getrusage is as old as the last tick of the system's clock
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &busy);
    return {std::chrono::steady_clock::now(),
            std::chrono::seconds{busy.tv_sec} + std::chrono::nanoseconds{busy.tv_nsec},
            used.ru_nivcsw};
}

}  // namespace coffer::http
