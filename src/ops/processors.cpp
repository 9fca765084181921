#include "ops/processors.hpp"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace coffer {
namespace {

namespace fs = std::filesystem;

/// The smallest quota that was added, in whole processors.
class least_quota {
public:
    /// Adds a quota of `time` in each `period`.
    void add(std::int64_t time, std::int64_t period) {
        if (time <= 0 || period <= 0)
            return;
        const auto processors = static_cast<std::size_t>((time - 1) / period + 1);
        least_ = least_ == 0 ? processors : std::min(least_, processors);
    }
    [[nodiscard]] std::size_t processors() const noexcept { return least_; }

private:
    std::size_t least_ = 0;
};

std::optional<std::int64_t> number_in(const fs::path& file) {
    std::ifstream in{file};
    std::int64_t number = 0;
    if (in >> number)
        return number;
    return std::nullopt;
}

// Version 2: "150000 100000", or "max 100000".
void add_unified(const fs::path& group, least_quota& into) {
    std::ifstream in{group / "cpu.max"};
    std::int64_t time = 0;
    std::int64_t period = 0;
    if (in >> time >> period)
        into.add(time, period);
}

// Version 1: a time of -1 is no quota.
void add_version_1(const fs::path& group, least_quota& into) {
    const auto time = number_in(group / "cpu.cfs_quota_us");
    const auto period = number_in(group / "cpu.cfs_period_us");
    if (time && period)
        into.add(*time, *period);
}

/// Visits the group at `path` below `mounted`, and its parents. In a container, `path` may be a
/// path of the host, which does not exist here: `mounted` is the container's own group then.
template <class Visit>
void visit_groups(const fs::path& mounted, const fs::path& path, const Visit& visit) {
    const fs::path below = path.relative_path().lexically_normal();
    if (!below.empty() && *below.begin() != "..")
        for (fs::path one = below; !one.empty(); one = one.parent_path())
            visit(mounted / one);
    visit(mounted);
}

bool has_processors(std::string_view controllers) {
    while (!controllers.empty()) {
        const std::size_t end = std::min(controllers.find(','), controllers.size());
        if (controllers.substr(0, end) == "cpu")
            return true;
        controllers.remove_prefix(std::min(end + 1, controllers.size()));
    }
    return false;
}

/// Returns the number of processors in the affinity mask; 0 if it is unknown. Where the usual size
/// of a mask is too small, larger ones are tried.
std::size_t processors_by_affinity() {
    constexpr std::size_t most = std::size_t{1} << 20;
    for (std::size_t count = CPU_SETSIZE; count <= most; count *= 2) {
        cpu_set_t* const set = CPU_ALLOC(count);
        if (set == nullptr)
            return 0;
        const std::size_t size = CPU_ALLOC_SIZE(count);
        const bool is_known = ::sched_getaffinity(0, size, set) == 0;
        const int error = errno;
        const int found = is_known ? CPU_COUNT_S(size, set) : 0;
        CPU_FREE(set);
        if (is_known || error != EINVAL)
            return static_cast<std::size_t>(found);
    }
    return 0;
}

}  // namespace

// Each line is "number:controllers:path", without a controller for version 2.
std::size_t processor_quota(const cgroup_files& where) {
    least_quota found;
    std::ifstream lines{where.of_process};
    for (std::string line; std::getline(lines, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = first == line.npos ? first : line.find(':', first + 1);
        if (second == line.npos)
            continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const fs::path path = line.substr(second + 1);
        if (controllers.empty()) {
            visit_groups(where.mounted, path,
                         [&found](const fs::path& group) { add_unified(group, found); });
        } else if (has_processors(controllers)) {
            for (const std::string& name : {controllers, std::string{"cpu"}})
                visit_groups(where.mounted / name, path,
                             [&found](const fs::path& group) { add_version_1(group, found); });
        }
    }
    return found.processors();
}

std::size_t usable_processors(const cgroup_files& where) {
    std::size_t usable = processors_by_affinity();
    if (usable == 0)
        usable = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t quota = processor_quota(where);
    return quota == 0 ? usable : std::min(usable, quota);
}

}  // namespace coffer
