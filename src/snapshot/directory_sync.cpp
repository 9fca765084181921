#include "snapshot/directory_sync.hpp"

#include <string>
#include <system_error>
#include <vector>

#include "ops/file_calls.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer::snapshot {

namespace fs = std::filesystem;

void sync_directory(const fs::path& directory) {
    if (const std::error_code error = coffer::sync_directory(directory))
        throw snapshot_error{directory.string() + ": cannot be synced: " + error.message()};
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
        throw snapshot_error{directory.string() + ": cannot be created: " + error.message()};
    for (const fs::path& made : missing)
        sync_directory(made.has_parent_path() ? made.parent_path() : ".");
}

}  // namespace coffer::snapshot
