// Changes the UTC time that a program sees. Loaded into it with LD_PRELOAD.
//
// CLOCK_OFFSET     a file with one int64_t: by how many nanoseconds UTC is ahead of the system's.
//                  tests/faults/clock.py may change it at any time.
//
// The monotonic clock is not changed. Thread safety: any thread may call at once.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace {

constexpr std::int64_t ns_a_second = 1'000'000'000;

const volatile std::int64_t* shared_offset() noexcept {
    static constexpr std::int64_t none = 0;
    const char* const file = std::getenv("CLOCK_OFFSET");
    const int opened = file == nullptr ? -1 : ::open(file, O_RDONLY | O_CLOEXEC);
    if (opened < 0)
        return &none;
    void* const mapped = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, opened, 0);
    ::close(opened);
    return mapped == MAP_FAILED ? &none : static_cast<const std::int64_t*>(mapped);
}

bool is_utc(clockid_t which) noexcept {
    return which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE;
}

}  // namespace

extern "C" int clock_gettime(clockid_t which, timespec* into) noexcept {
    using function = int (*)(clockid_t, timespec*);
    static const auto real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "clock_gettime"));
    static const volatile std::int64_t* const offset_ns = shared_offset();
    const int result = real(which, into);
    if (result != 0 || !is_utc(which))
        return result;
    const std::int64_t ns = into->tv_sec * ns_a_second + into->tv_nsec + *offset_ns;
    into->tv_sec = ns / ns_a_second;
    into->tv_nsec = ns % ns_a_second;
    return 0;
}

extern "C" time_t time(time_t* into) noexcept {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    if (into != nullptr)
        *into = now.tv_sec;
    return now.tv_sec;
}
