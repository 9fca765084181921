#include "audit/partial_directory.hpp"

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

}  // namespace

partial_directory::partial_directory(const fs::path& destination)
    : destination_{destination.has_filename() ? destination : destination.parent_path()},
      path_{destination_.string() + ".partial"} {
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
