#include "audit/partial_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <system_error>

#include "audit/data_files.hpp"
#include "snapshot/directory_sync.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& where, const std::string& what) {
    throw data_error{where.string() + ": " + what};
}

/// Whether something is mounted there.
bool is_mount_point(const fs::path& directory) {
    struct statx found {};
    struct statx above {};
    constexpr int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
    if (::statx(AT_FDCWD, directory.c_str(), flags, STATX_TYPE, &found) != 0 ||
        ::statx(AT_FDCWD, (directory / "..").c_str(), flags, STATX_TYPE, &above) != 0)
        return false;
    return (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0 ||
           found.stx_dev_major != above.stx_dev_major || found.stx_dev_minor != above.stx_dev_minor;
}

/// Why no directory can be renamed to that, even if it is an empty one; empty if one can.
std::string why_not_renamed_to(const fs::path& destination) {
    if (destination.filename() == "." || destination.filename() == "..")
        return "is not the name of a directory in another";
    std::error_code ignored;
    if (fs::is_symlink(destination, ignored))
        return "is a symbolic link";
    return is_mount_point(destination) ? "is a mount point" : "";
}

}  // namespace

partial_directory::partial_directory(const fs::path& destination)
    : destination_{destination.has_filename() ? destination : destination.parent_path()},
      path_{destination_.string() + ".partial"} {
    if (const std::string reason = why_not_renamed_to(destination_); !reason.empty())
        fail(destination_, reason + ", which cannot be replaced: name a new directory in it");
    std::error_code error;
    const bool is_there = fs::exists(fs::symlink_status(destination_, error));
    if (is_there && !(fs::is_directory(destination_, error) && fs::is_empty(destination_, error)))
        fail(destination_, error ? error.message() : "is there already, and is not overwritten");
    if (fs::create_directory(path_, error))
        return;
    if (error)
        fail(path_, "cannot be made: " + error.message());
    fail(path_, "is there already, from a copy that did not come to its end: remove it");
}

partial_directory::~partial_directory() {
    if (finished_)
        return;
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

void partial_directory::empty() const noexcept {
    std::error_code ignored;
    for (fs::directory_iterator at{path_, ignored}; at != fs::directory_iterator{};
         at.increment(ignored))
        fs::remove_all(at->path(), ignored);
}

void partial_directory::finish() {
    snapshot::sync_directory(path_);
    std::error_code error;
    fs::rename(path_, destination_, error);
    if (error)
        fail(destination_, "cannot be put in place: " + error.message());
    finished_ = true;
    snapshot::sync_directory(destination_.has_parent_path() ? destination_.parent_path() : ".");
}

}  // namespace coffer::audit
