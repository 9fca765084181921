#include "engine/data_directory.hpp"

#include <fcntl.h>

#include <cerrno>
#include <stdexcept>

#include "snapshot/directory_sync.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer {
namespace {

namespace fs = std::filesystem;

const fs::path& created(const fs::path& where) {
    snapshot::create_with_parents(where);
    return where;
}

}  // namespace

// The lock is on the directory itself: it leaves no file behind, and ends with the process.
data_directory::data_directory(const fs::path& where)
    : path_{where}, lock_{created(where), O_RDONLY | O_DIRECTORY} {
    if (lock_.is_open() && lock_.lock())
        return;
    if (lock_.is_open() && errno == EWOULDBLOCK)
        throw std::runtime_error{where.string() + ": another server uses this data directory"};
    snapshot::throw_snapshot_error(where, "cannot be opened");
}

}  // namespace coffer
