#include "engine/data_directory.hpp"

#include <fcntl.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace coffer {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& where, const std::string& what, const std::error_code& why) {
    throw std::runtime_error{where.string() + ": " + what + ": " + why.message()};
}

const fs::path& created(const fs::path& where) {
    std::error_code error;
    fs::create_directories(where, error);
    if (error)
        fail(where, "cannot be created", error);
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
    fail(where, "cannot be opened", {errno, std::system_category()});
}

}  // namespace coffer
