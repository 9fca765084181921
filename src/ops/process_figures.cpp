#include "ops/process_figures.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>

#include "ops/metric_text.hpp"

namespace coffer {
namespace {

/// Replaces `out` by what is in a small file of /proc; by nothing if that cannot be read.
std::string_view read_small(const char* path, std::array<char, 1024>& out) noexcept {
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file == -1)
        return {};
    const ssize_t size = ::read(file, out.data(), out.size());
    ::close(file);
    return {out.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

/// The number at the begin of `text`, which is cut behind it.
std::uint64_t take_number(std::string_view& text) noexcept {
    text.remove_prefix(std::min(text.find_first_of("0123456789"), text.size()));
    std::uint64_t value = 0;
    const char* const end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

/// How many descriptors are open. Newer systems say so at once (Linux 6.2); others list them.
std::uint64_t open_descriptors() {
    constexpr const char* folder = "/proc/self/fd";
    struct stat found {};
    if (::stat(folder, &found) == 0 && found.st_size > 0)
        return static_cast<std::uint64_t>(found.st_size);
    std::error_code ignored;
    const auto count = std::distance(std::filesystem::directory_iterator{folder, ignored},
                                     std::filesystem::directory_iterator{});
    return static_cast<std::uint64_t>(count);
}

/// When the process began, in seconds since 1970: by the clock as it was when this was first asked
/// for, so that it stays the same.
double start_time() noexcept {
    std::array<char, 1024> text{};
    std::string_view stat = read_small("/proc/self/stat", text);
    stat.remove_prefix(std::min(stat.rfind(')'), stat.size()));
    constexpr int fields_before = 18;  // from the state to the time, which is in clock ticks
    for (int i = 0; i != fields_before; ++i)
        take_number(stat);
    const double ticks = static_cast<double>(take_number(stat));
    timespec since_boot{};
    ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
    const double booted = static_cast<double>(std::time(nullptr)) -
                          static_cast<double>(since_boot.tv_sec) -
                          static_cast<double>(since_boot.tv_nsec) / 1e9;
    return booted + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

void append_memory(std::string& out) {
    std::array<char, 1024> text{};
    std::string_view pages = read_small("/proc/self/statm", text);
    const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::uint64_t all = take_number(pages);
    append_metric(out, "process_virtual_memory_bytes", "gauge", "Virtual memory.",
                  all * page_bytes);
    append_metric(out, "process_resident_memory_bytes", "gauge", "Memory that is in use.",
                  take_number(pages) * page_bytes);
}

void append_processor_time(std::string& out) {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    append_metric(out, "process_cpu_seconds_total", "counter", "Processor time, user and system.",
                  seconds(used.ru_utime) + seconds(used.ru_stime));
}

void append_descriptors(std::string& out) {
    append_metric(out, "process_open_fds", "gauge", "Open file descriptors.", open_descriptors());
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    append_metric(out, "process_max_fds", "gauge", "How many there can be.",
                  std::uint64_t{limit.rlim_cur});
}

}  // namespace

void append_process_figures(std::string& out) {
    static const double began = start_time();
    append_processor_time(out);
    append_memory(out);
    append_descriptors(out);
    append_metric(out, "process_start_time_seconds", "gauge",
                  "When the process began, in seconds since 1970.", began);
}

}  // namespace coffer
