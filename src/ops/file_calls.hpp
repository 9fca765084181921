// Calls the file system and handles what all callers have in common: interrupted calls, the modes
// of new files, and file systems that lack a call.
//
// Thread safety  all functions may be called from any thread at once.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace coffer {

/// Where the calling thread counts its file system calls that have returned, of those made through
/// this header; null if it does not count them. While the count does not rise, the thread may be
/// waiting for a disk that does not answer.
inline thread_local std::atomic<std::uint64_t>* returned_calls = nullptr;

/// Counts a call when it is destroyed.
struct counted_call {
    ~counted_call() {
        if (returned_calls != nullptr)  // relaxed: orders nothing
            returned_calls->fetch_add(1, std::memory_order_relaxed);
    }
};

/// Calls `call`, again while a signal interrupts it. Returns its result.
template <class Call>
auto uninterrupted(Call call) noexcept {
    const counted_call counted;
    auto result = call();
    while (result < 0 && errno == EINTR)
        result = call();
    return result;
}

[[nodiscard]] inline std::error_code last_error() noexcept {
    return {errno, std::system_category()};
}

/// Whether the error means that the device is full, a quota is used up, or a file has reached the
/// limit of its size.
[[nodiscard]] constexpr bool is_no_room(int error) noexcept {
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

/// Whether a file system may return the error for a call that it does not support. Some of these
/// errors have other causes too, so this only decides whether an alternative is tried.
[[nodiscard]] constexpr bool is_unsupported(int error) noexcept {
    return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == ENOTSUP ||
           error == EPERM || error == EACCES || error == EBADF || error == EISDIR ||
           error == ENOTTY || error == ENOLCK || error == ENODEV;
}

/// Makes a directory of mode 0750, less the bits of the umask. Its parent must exist.
[[nodiscard]] std::error_code make_directory(const std::filesystem::path& directory) noexcept;

/// Renames a file or directory, and replaces what has the new name.
[[nodiscard]] std::error_code rename_file(const std::filesystem::path& from,
                                          const std::filesystem::path& to) noexcept;

[[nodiscard]] std::error_code remove_file(const std::filesystem::path& file) noexcept;

/// Returns once the names in the directory survive a crash. On a file system that cannot sync
/// directories this succeeds, and is logged once.
[[nodiscard]] std::error_code sync_directory(const std::filesystem::path& directory) noexcept;

/// Calls sync_directory. Throws std::runtime_error, "DIRECTORY: cannot be synced: REASON".
void sync_directory_or_throw(const std::filesystem::path& directory);

/// Makes the directory and those of its parents that are missing, as make_directory does, and
/// returns once they survive a crash. Throws std::runtime_error, which names the directory.
void create_with_parents(const std::filesystem::path& directory);

/// Returns the name of the directory's file system if that is copy-on-write, as btrfs and ZFS are:
/// an overwrite takes new room there, so allocating a file ahead does not keep a write from failing
/// for lack of room. Empty if it is not, or if that is unknown.
[[nodiscard]] std::string_view copy_on_write_name(const std::filesystem::path& directory) noexcept;

}  // namespace coffer
