// Makes system calls of a program fail or hang. Loaded into it with LD_PRELOAD.
//
// FAULT_BELOW      calls on files whose absolute path begins with this are counted, and may fail
// FAULT_CONTROL    a file with an array of `control`, one for each `call` in that order. There
//                  tests/faults/shim.py reads how many calls were made, and sets at any time which
//                  ones fail.
// FAULT_LOG        if set, a file to which a line is appended before each of those calls: its name
//                  and its path, for a rename the new one
//
// FAULT_FILE_SYSTEM if set, the number of the file system type that statfs returns
//
// A call that fails does nothing. A call that hangs is made afterwards, or when its error in
// FAULT_CONTROL becomes zero.
// Thread safety: any thread may call at once.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>

namespace {

enum class call : std::uint8_t {
    create,
    pwrite,
    write,
    fdatasync,
    fsync,
    fallocate,
    ftruncate,
    rename,
    unlink,
    mkdir,
    open,
    pread,
    read,
    symlink,
    flock,
    fcntl,
    fsyncdir,  // an fsync of a directory, which counts as an fsync too
    fchown,
    count
};

constexpr std::array<const char*, static_cast<std::size_t>(call::count)> names{
    "create",    "pwrite",  "write",  "fdatasync", "fsync",    "fallocate",
    "ftruncate", "rename",  "unlink", "mkdir",     "open",     "pread",
    "read",      "symlink", "flock",  "fcntl",     "fsyncdir", "fchown"};

struct control {
    std::int64_t made;   ///< how many calls were made
    std::int64_t first;  ///< the number of the first call that fails, from 1; 0 for none
    std::int64_t times;  ///< how many calls fail from there on
    std::int64_t error;  ///< their errno; below zero: they hang for so many ms instead
};

constexpr std::size_t calls = static_cast<std::size_t>(call::count);

control* shared_controls() noexcept {
    const char* const file = std::getenv("FAULT_CONTROL");
    if (file == nullptr)
        return nullptr;
    // Not by name, which would call the open of this library.
    const int opened = ::openat(AT_FDCWD, file, O_RDWR | O_CLOEXEC);
    if (opened < 0)
        return nullptr;
    void* const mapped =
        ::mmap(nullptr, calls * sizeof(control), PROT_READ | PROT_WRITE, MAP_SHARED, opened, 0);
    ::close(opened);
    return mapped == MAP_FAILED ? nullptr : static_cast<control*>(mapped);
}

bool is_below(std::string_view path) noexcept {
    static const char* const below = std::getenv("FAULT_BELOW");
    return below != nullptr && path.starts_with(below);
}

/// Appends a line to the log, if there is one. Does not change errno.
void note(call which, std::string_view path) noexcept {
    static const char* const file = std::getenv("FAULT_LOG");
    static const int log =
        file == nullptr ? -1 : ::openat(AT_FDCWD, file, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (log < 0)
        return;
    const int before = errno;
    std::array<char, 4096 + 16> line{};
    const int size =
        std::snprintf(line.data(), line.size(), "%s %.*s\n", names[static_cast<std::size_t>(which)],
                      static_cast<int>(path.size()), path.data());
    // In one call, so that lines of several threads do not mix. Not by name, as above.
    static_cast<void>(::syscall(SYS_write, log, line.data(), static_cast<std::size_t>(size)));
    errno = before;
}

/// Waits until that time has passed, or `error` is zero.
void hang(std::int64_t time_ms, std::int64_t& error) noexcept {
    constexpr std::int64_t step_ms = 10;
    for (std::int64_t left_ms = time_ms; left_ms > 0; left_ms -= step_ms) {
        if (std::atomic_ref{error}.load(std::memory_order_relaxed) == 0)
            return;
        timespec left{0, std::min(left_ms, step_ms) * 1'000'000};
        while (::nanosleep(&left, &left) != 0 && errno == EINTR)
            ;
    }
}

/// Counts the call. Returns whether it must fail, with errno set. Blocks while the call hangs.
bool fails(call which, std::string_view path) noexcept {
    static control* const controls = shared_controls();
    if (controls == nullptr || !is_below(path))
        return false;
    note(which, path);
    control& one = controls[static_cast<std::size_t>(which)];
    // Relaxed: nothing is ordered by these numbers. The other process reads them later.
    const auto read = [](std::int64_t& value) {
        return std::atomic_ref{value}.load(std::memory_order_relaxed);
    };
    const std::int64_t number =
        std::atomic_ref{one.made}.fetch_add(1, std::memory_order_relaxed) + 1;
    const std::int64_t first = read(one.first);
    if (first == 0 || number < first || number - first >= read(one.times))
        return false;
    const std::int64_t error = read(one.error);
    if (error < 0) {
        hang(-error, one.error);
        return false;
    }
    errno = static_cast<int>(error);
    return true;
}

/// The same for an open file descriptor.
bool fails(call which, int descriptor) noexcept {
    std::array<char, 32> link{};
    std::array<char, 4096> path{};
    std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", descriptor);
    const ssize_t size = ::readlink(link.data(), path.data(), path.size());
    return size > 0 && fails(which, std::string_view{path.data(), static_cast<std::size_t>(size)});
}

/// The function of this name that the program would call without this library.
template <class Function>
Function next(const char* name, Function) noexcept {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    mode_t mode = 0;
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
        std::va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    if (fails((flags & O_CREAT) != 0 ? call::create : call::open, path))
        return -1;
    static const auto real = next("open", &open);
    return real(path, flags, mode);
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
    static const auto real = next("pwrite", &pwrite);
    return fails(call::pwrite, descriptor) ? -1 : real(descriptor, bytes, size, offset);
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
    static const auto real = next("write", &write);
    return fails(call::write, descriptor) ? -1 : real(descriptor, bytes, size);
}

int fdatasync(int descriptor) {
    static const auto real = next("fdatasync", &fdatasync);
    return fails(call::fdatasync, descriptor) ? -1 : real(descriptor);
}

int fsync(int descriptor) {
    static const auto real = next("fsync", &fsync);
    struct stat found {};
    if (::fstat(descriptor, &found) == 0 && S_ISDIR(found.st_mode) &&
        fails(call::fsyncdir, descriptor))
        return -1;
    return fails(call::fsync, descriptor) ? -1 : real(descriptor);
}

int fallocate(int descriptor, int mode, off_t offset, off_t size) {
    static const auto real = next("fallocate", &fallocate);
    return fails(call::fallocate, descriptor) ? -1 : real(descriptor, mode, offset, size);
}

int ftruncate(int descriptor, off_t size) noexcept {
    static const auto real = next("ftruncate", &ftruncate);
    return fails(call::ftruncate, descriptor) ? -1 : real(descriptor, size);
}

int rename(const char* from, const char* to) noexcept {
    static const auto real = next("rename", &rename);
    return fails(call::rename, to) ? -1 : real(from, to);
}

int unlink(const char* path) noexcept {
    static const auto real = next("unlink", &unlink);
    return fails(call::unlink, path) ? -1 : real(path);
}

int mkdir(const char* path, mode_t mode) noexcept {
    static const auto real = next("mkdir", &mkdir);
    return fails(call::mkdir, path) ? -1 : real(path, mode);
}

ssize_t pread(int descriptor, void* into, size_t size, off_t offset) {
    static const auto real = next("pread", &pread);
    return fails(call::pread, descriptor) ? -1 : real(descriptor, into, size, offset);
}

ssize_t read(int descriptor, void* into, size_t size) {
    static const auto real = next("read", &read);
    return fails(call::read, descriptor) ? -1 : real(descriptor, into, size);
}

int symlink(const char* target, const char* link) noexcept {
    static const auto real = next("symlink", &symlink);
    return fails(call::symlink, link) ? -1 : real(target, link);
}

int fchown(int descriptor, uid_t owner, gid_t group) noexcept {
    static const auto real = next("fchown", &fchown);
    return fails(call::fchown, descriptor) ? -1 : real(descriptor, owner, group);
}

int flock(int descriptor, int operation) noexcept {
    static const auto real = next("flock", &flock);
    return fails(call::flock, descriptor) ? -1 : real(descriptor, operation);
}

int statfs(const char* path, struct statfs* found) noexcept {
    static const auto real = next("statfs", &statfs);
    const int done = real(path, found);
    if (const char* const type = std::getenv("FAULT_FILE_SYSTEM"); done == 0 && type != nullptr)
        found->f_type = static_cast<decltype(found->f_type)>(std::strtoul(type, nullptr, 0));
    return done;
}

// Counts locks only.
int fcntl64(int descriptor, int command, ...) {
    std::va_list rest;
    va_start(rest, command);
    void* const argument = va_arg(rest, void*);
    va_end(rest);
    static const auto real = next("fcntl64", &fcntl64);
    return command == F_OFD_SETLK && fails(call::fcntl, descriptor)
               ? -1
               : real(descriptor, command, argument);
}

int fcntl(int descriptor, int command, ...) {
    std::va_list rest;
    va_start(rest, command);
    void* const argument = va_arg(rest, void*);
    va_end(rest);
    return fcntl64(descriptor, command, argument);
}

}  // extern "C"
