#include "ops/file_calls.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <utility>
#include <vector>

#include "ops/file_descriptor.hpp"
#include "ops/log.hpp"

namespace coffer {
namespace {

namespace fs = std::filesystem;

std::error_code sync_opened(const file_descriptor& opened, const fs::path& directory) noexcept {
    if (uninterrupted([&opened] { return ::fsync(opened.number()); }) == 0)
        return {};
    const std::error_code error = last_error();
    if (!is_unsupported(error.value()))
        return error;
    static std::atomic_flag said;
    if (!said.test_and_set())
        log::warn(
            "{}: directories cannot be synced here ({}): after a power cut, new or renamed files "
            "may be missing",
            directory.native(), error.message());
    return {};
}

}  // namespace

std::error_code make_directory(const fs::path& directory) noexcept {
    constexpr mode_t mode = 0750;
    return uninterrupted([&] { return ::mkdir(directory.c_str(), mode); }) == 0 ? std::error_code{}
                                                                                : last_error();
}

// On a network file system, a call that returns EINTR may have taken effect: the repeated call then
// finds nothing to rename or remove.
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
    const file_descriptor opened{directory, O_RDONLY | O_DIRECTORY};
    return opened.is_open() ? sync_opened(opened, directory) : last_error();
}

void sync_directory_or_throw(const fs::path& directory) {
    if (const std::error_code error = sync_directory(directory))
        throw std::runtime_error{directory.string() + ": cannot be synced: " + error.message()};
}

void create_with_parents(const fs::path& directory) {
    std::error_code error;
    std::vector<fs::path> missing;
    for (fs::path one = directory; !one.empty() && !fs::exists(one, error); one = one.parent_path())
        missing.push_back(one);
    for (auto one = missing.rbegin(); one != missing.rend(); ++one) {
        error = make_directory(*one);
        if (error && error != std::errc::file_exists)
            break;
        error.clear();
    }
    if (!error && !fs::is_directory(directory, error) && !error)
        error = std::make_error_code(std::errc::not_a_directory);
    if (error)
        throw std::runtime_error{directory.string() + ": cannot be created: " + error.message()};
    for (const fs::path& made : missing)
        sync_directory_or_throw(made.has_parent_path() ? made.parent_path() : ".");
}

std::string_view copy_on_write_name(const fs::path& directory) noexcept {
    // From linux/magic.h and the projects; no version of that header has all of them.
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
