// How many processors this process may use.
#pragma once

#include <cstddef>
#include <filesystem>

namespace coffer {

/// Where the system says which control groups there are, and which the process is in.
struct cgroup_files {
    std::filesystem::path mounted = "/sys/fs/cgroup";
    std::filesystem::path of_process = "/proc/self/cgroup";
};

/// The quota of processor time that control groups (version 1 or 2) give to the process, in whole
/// processors and rounded up; 0 for none. Of a group and those it is in, the least counts. What
/// cannot be read limits nothing. Thread safety: may be called from any thread at once.
[[nodiscard]] std::size_t processor_quota(const cgroup_files& where = {});

/// The processors that the process may run on, by its affinity, and no more than its quota: at
/// least 1. Thread safety: likewise.
[[nodiscard]] std::size_t usable_processors(const cgroup_files& where = {});

}  // namespace coffer
