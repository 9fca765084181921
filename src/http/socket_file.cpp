#include "http/socket_file.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "ops/file_descriptor.hpp"

namespace coffer::http {
namespace {

constexpr mode_t owner_and_group = 0660;

[[noreturn]] void fail(int number) {
    throw std::system_error{number, std::generic_category()};
}

/// Whether a server listens there. One whose queue is full does too.
bool is_alive(const std::filesystem::path& path) {
    const file_descriptor client{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (client.number() < 0)
        fail(errno);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    return ::connect(client.number(), reinterpret_cast<const sockaddr*>(&address),
                     sizeof address) == 0 ||
           errno != ECONNREFUSED;
}

}  // namespace

void socket_file::require_free(const std::filesystem::path& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0)
        return errno == ENOENT ? void() : fail(errno);
    if (!S_ISSOCK(found.st_mode))
        fail(EEXIST);
    if (is_alive(path))
        fail(EADDRINUSE);
}

void socket_file::clear_way(const std::filesystem::path& path) {
    require_free(path);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        fail(errno);
}

socket_file::socket_file(std::filesystem::path path) : path_{std::move(path)} {
    struct stat found {};
    if (::chmod(path_.c_str(), owner_and_group) != 0 || ::lstat(path_.c_str(), &found) != 0)
        fail(errno);
    device_ = found.st_dev;
    inode_ = found.st_ino;
}

socket_file::~socket_file() {
    struct stat found {};
    if (::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_)
        ::unlink(path_.c_str());
}

}  // namespace coffer::http
