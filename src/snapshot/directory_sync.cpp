#include "snapshot/directory_sync.hpp"

#include <fcntl.h>

#include <string>
#include <system_error>
#include <vector>

#include "snapshot/file_descriptor.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer::snapshot {

namespace fs = std::filesystem;

void sync_directory(const fs::path& directory) {
    file_descriptor opened{directory, O_RDONLY | O_DIRECTORY};
    if (!opened.is_open() || !opened.sync())
        throw_snapshot_error(directory, "cannot be synced");
}

void create_with_parents(const fs::path& directory) {
    std::error_code error;
    std::vector<fs::path> missing;
    for (fs::path one = directory; !one.empty() && !fs::exists(one, error); one = one.parent_path())
        missing.push_back(one);
    fs::create_directories(directory, error);
    if (error)
        throw snapshot_error{directory.string() + ": cannot be created: " + error.message()};
    for (const fs::path& made : missing)
        sync_directory(made.has_parent_path() ? made.parent_path() : ".");
}

}  // namespace coffer::snapshot
