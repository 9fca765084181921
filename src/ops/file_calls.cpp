#include "ops/file_calls.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "ops/log.hpp"

namespace coffer {
namespace {

namespace fs = std::filesystem;

std::error_code sync_opened_directory(int opened, const fs::path& directory) noexcept {
    if (uninterrupted([opened] { return ::fsync(opened); }) == 0)
        return {};
    const std::error_code error = last_error();
    if (!is_unsupported(error.value()))
        return error;
    static std::atomic_flag said;
    if (!said.test_and_set())
        log::warn(
            "{}: directories cannot be synced here ({}): what a power cut leaves of files that "
            "were "
            "just made or renamed is up to the file system",
            directory.native(), error.message());
    return {};
}

}  // namespace

std::error_code make_directory(const fs::path& directory) noexcept {
    constexpr mode_t mode = 0750;
    return uninterrupted([&] { return ::mkdir(directory.c_str(), mode); }) == 0 ? std::error_code{}
                                                                                : last_error();
}

// A network file system may have done what it says was interrupted: then what is to be renamed or
// removed is not there when the call is made again.
std::error_code rename_file(const fs::path& from, const fs::path& to) noexcept {
    const counted_call counted;
    bool interrupted = false;
    while (std::rename(from.c_str(), to.c_str()) != 0) {
        if (errno == ENOENT && interrupted && ::access(to.c_str(), F_OK) == 0)
            return {};
        if (errno != EINTR)
            return last_error();
        interrupted = true;
    }
    return {};
}

std::error_code remove_file(const fs::path& file) noexcept {
    const counted_call counted;
    bool interrupted = false;
    while (::unlink(file.c_str()) != 0) {
        if (errno == ENOENT && interrupted)
            return {};
        if (errno != EINTR)
            return last_error();
        interrupted = true;
    }
    return {};
}

std::error_code sync_directory(const fs::path& directory) noexcept {
    const int opened = uninterrupted(
        [&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (opened < 0)
        return last_error();
    const std::error_code error = sync_opened_directory(opened, directory);
    // Not again when interrupted: on Linux it is closed by then, and the number may be another's.
    ::close(opened);
    return error;
}

std::string_view copy_on_write_name(const fs::path& directory) noexcept {
    // As linux/magic.h and the projects have them; not all are in all versions of that header.
    constexpr std::pair<std::uint32_t, std::string_view> names[] = {
        {0x9123683e, "btrfs"}, {0x2fc12fc1, "ZFS"}, {0xca451a4e, "bcachefs"}, {0x3434, "NILFS2"}};
    struct statfs found {};
    if (uninterrupted([&] { return ::statfs(directory.c_str(), &found); }) != 0)
        return {};
    for (const auto& [type, name] : names)
        if (static_cast<std::uint32_t>(found.f_type) == type)
            return name;
    return {};
}

}  // namespace coffer
