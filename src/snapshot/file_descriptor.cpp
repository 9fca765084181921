#include "snapshot/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "ops/file_calls.hpp"

namespace coffer::snapshot {

file_descriptor::file_descriptor(const std::filesystem::path& file, int flags, mode_t mode) noexcept
    : value_{uninterrupted([&] { return ::open(file.c_str(), flags | O_CLOEXEC, mode); })} {}

file_descriptor::~file_descriptor() {
    // Not again when interrupted: on Linux it is closed by then, and the number may be another's.
    if (is_open())
        ::close(value_);
}

ssize_t file_descriptor::read(char* into, std::size_t size) noexcept {
    return uninterrupted([&] { return ::read(value_, into, size); });
}

ssize_t file_descriptor::read_at(off_t offset, char* into, std::size_t size) noexcept {
    return uninterrupted([&] { return ::pread(value_, into, size, offset); });
}

bool file_descriptor::write(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t written =
            uninterrupted([&] { return ::write(value_, bytes.data(), bytes.size()); });
        if (written < 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

bool file_descriptor::lock() noexcept {
    return uninterrupted([&] { return ::flock(value_, LOCK_EX | LOCK_NB); }) == 0;
}

bool file_descriptor::lock_range() noexcept {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (uninterrupted([&] { return ::fcntl(value_, F_OFD_SETLK, &whole); }) == 0)
        return true;
    if (errno == EACCES || errno == EAGAIN)
        errno = EWOULDBLOCK;
    return false;
}

bool file_descriptor::sync() noexcept {
    if (uninterrupted([&] { return ::fsync(value_); }) == 0)
        return true;
    // A file system may have only the call that the journal uses. What it leaves out is times.
    return is_unsupported(errno) && uninterrupted([&] { return ::fdatasync(value_); }) == 0;
}

}  // namespace coffer::snapshot
