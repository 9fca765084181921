// Counts the processors that this process may use.
#pragma once

#include <cstddef>
#include <filesystem>

namespace coffer {

/// Where the system lists the control groups, and those of the process.
struct cgroup_files {
    std::filesystem::path mounted = "/sys/fs/cgroup";
    std::filesystem::path of_process = "/proc/self/cgroup";
};

/// Returns the quota of processor time that control groups (version 1 or 2) give to the process, in
/// whole processors, rounded up; 0 for none. The smallest quota of a group and its parents counts.
/// One that cannot be read is none. Thread safety: may be called from any thread at once.
[[nodiscard]] std::size_t processor_quota(const cgroup_files& where = {});

/// Returns the number of processors in the affinity mask of the process, and no more than its
/// quota: at least 1. Thread safety: may be called from any thread at once.
[[nodiscard]] std::size_t usable_processors(const cgroup_files& where = {});

}  // namespace coffer
