#include "audit/snapshot_copy.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "snapshot/file_descriptor.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

/// False if the file is gone.
bool copy_one(const fs::path& from, const fs::path& to) {
    snapshot::file_descriptor source{from, O_RDONLY};
    if (!source.is_open() && errno == ENOENT)
        return false;
    if (!source.is_open())
        snapshot::throw_snapshot_error(from, "cannot be opened");
    snapshot::file_descriptor target{to, O_WRONLY | O_CREAT | O_EXCL, 0640};
    if (!target.is_open())
        snapshot::throw_snapshot_error(to, "cannot be created");
    std::string block(std::size_t{256} << 10, '\0');
    for (;;) {
        const ssize_t size = source.read(block.data(), block.size());
        if (size < 0)
            snapshot::throw_snapshot_error(from, "cannot be read");
        if (size == 0)
            break;
        if (!target.write({block.data(), static_cast<std::size_t>(size)}))
            snapshot::throw_snapshot_error(to, "cannot be written");
    }
    if (!target.sync())
        snapshot::throw_snapshot_error(to, "cannot be synced");
    return true;
}

}  // namespace

std::vector<std::string> copy_snapshots(const fs::path& from, const fs::path& to) {
    snapshot::snapshot_directory target{to};
    std::vector<std::string> left_out;
    std::vector<fs::path> files = snapshot::list_snapshots(from);
    std::ranges::reverse(files);
    for (const fs::path& file : files) {
        snapshot::snapshot_info info;
        try {
            info = snapshot::check_snapshot(file);
        } catch (const snapshot::snapshot_error& refused) {
            if (std::error_code error; fs::exists(file, error))
                left_out.emplace_back(refused.what());
            continue;
        }
        if (copy_one(file, target.temporary(info.number)))
            target.publish(info.number);
    }
    return left_out;
}

}  // namespace coffer::audit
