// Calls of the file system, with what all callers leave to them: interruptions, the modes of what
// is made, and file systems that lack a call.
//
// Thread safety  all may be called from any thread at once.
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace coffer {

/// If a thread sets this, it counts the calls of that thread that have returned, of those made with
/// `uninterrupted` and the functions below. While it does not rise, the thread may be waiting for a
/// disk that does not answer.
inline thread_local std::atomic<std::uint64_t>* returned_calls = nullptr;

/// Counts a call when it goes.
struct counted_call {
    ~counted_call() {
        if (returned_calls != nullptr)  // relaxed: orders nothing
            returned_calls->fetch_add(1, std::memory_order_relaxed);
    }
};

/// Calls again while a signal interrupts it.
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

/// Whether the error means that there is no more room: of the device, of a quota, or below the
/// limit of a file's size.
[[nodiscard]] constexpr bool is_no_room(int error) noexcept {
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

/// Whether the error is one that file systems return for a call that they do not have. Some of
/// these have other causes too, so this only decides whether another way is tried.
[[nodiscard]] constexpr bool is_unsupported(int error) noexcept {
    return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == ENOTSUP ||
           error == EPERM || error == EACCES || error == EBADF || error == EISDIR ||
           error == ENOTTY || error == ENOLCK || error == ENODEV;
}

/// Makes a directory of mode 0750, less what the umask takes. Its parent is there.
[[nodiscard]] std::error_code make_directory(const std::filesystem::path& directory) noexcept;

/// Gives a file or directory another name, in place of what has that name.
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

/// The name of the file system that this is on if it writes to new places what is overwritten, so
/// that room which was set aside does not keep a write from lacking room: btrfs, ZFS and the like.
/// Empty if it does not, or if that cannot be found out.
[[nodiscard]] std::string_view copy_on_write_name(const std::filesystem::path& directory) noexcept;

}  // namespace coffer
