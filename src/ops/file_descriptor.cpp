#include "ops/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "ops/file_calls.hpp"

namespace coffer {

file_descriptor::file_descriptor(const std::filesystem::path& file, int flags, mode_t mode) noexcept
    : number_{uninterrupted([&] { return ::open(file.c_str(), flags | O_CLOEXEC, mode); })} {}

file_descriptor::~file_descriptor() {
    // Not repeated when interrupted: Linux has closed it by then, and the number may be reused.
    if (is_open())
        ::close(number_);
}

ssize_t file_descriptor::read(char* into, std::size_t size) noexcept {
    return uninterrupted([&] { return ::read(number_, into, size); });
}

ssize_t file_descriptor::read_at(off_t offset, char* into, std::size_t size) noexcept {
    return uninterrupted([&] { return ::pread(number_, into, size, offset); });
}

bool file_descriptor::write(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t written =
            uninterrupted([&] { return ::write(number_, bytes.data(), bytes.size()); });
        if (written < 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

bool file_descriptor::lock() noexcept {
    return uninterrupted([&] { return ::flock(number_, LOCK_EX | LOCK_NB); }) == 0;
}

bool file_descriptor::lock_range() noexcept {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (uninterrupted([&] { return ::fcntl(number_, F_OFD_SETLK, &whole); }) == 0)
        return true;
    if (errno == EACCES || errno == EAGAIN)
        errno = EWOULDBLOCK;
    return false;
}

bool file_descriptor::sync() noexcept {
    if (uninterrupted([&] { return ::fsync(number_); }) == 0)
        return true;
    // Some file systems support only fdatasync. What that leaves out is times.
    return is_unsupported(errno) && uninterrupted([&] { return ::fdatasync(number_); }) == 0;
}

}  // namespace coffer
