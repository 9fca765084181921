#include "command/file_replacement.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "ops/file_calls.hpp"

namespace coffer::command {
namespace {

namespace fs = std::filesystem;

// The signals that end a process and are no crash, except SIGPIPE, which `output` ignores.
constexpr std::array ending_signals{SIGINT,  SIGTERM, SIGHUP,    SIGQUIT, SIGALRM, SIGUSR1,
                                    SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR};

/// The file that the signal handler removes. Lock-free, as a handler requires.
std::atomic<const char*> being_written{nullptr};
static_assert(std::atomic<const char*>::is_always_lock_free);

extern "C" void remove_and_end(int number) {
    if (const char* const partial = being_written.load())
        ::unlink(partial);
    if (::getpid() == 1)  // signals have no default effect there
        ::_exit(128 + number);
    std::signal(number, SIG_DFL);
    std::raise(number);  // takes effect when the handler returns
}

void handle_ending_signals() noexcept {
    for (const int one : ending_signals) {
        struct sigaction now {};
        if (::sigaction(one, nullptr, &now) == 0 && now.sa_handler != SIG_IGN)
            std::signal(one, &remove_and_end);
    }
}

/// Whether the file is a mount point. False if that is unknown (Linux before 5.8).
bool is_mount_point(const fs::path& file) noexcept {
    struct statx found {};
    return ::statx(AT_FDCWD, file.c_str(), AT_SYMLINK_NOFOLLOW, 0, &found) == 0 &&
           (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

[[noreturn]] void fail(const fs::path& where, const std::string& what, int error) {
    throw std::runtime_error{where.string() + ": " + what + std::generic_category().message(error)};
}

}  // namespace

file_replacement::file_replacement(fs::path name) : name_{std::move(name)} {
    if (::faccessat(AT_FDCWD, name_.c_str(), W_OK, AT_EACCESS) != 0 && errno != ENOENT)
        fail(name_, "", errno);
    if (is_mount_point(name_))
        throw std::runtime_error{name_.string() +
                                 ": is a mount point, which cannot be replaced: "
                                 "write to standard output instead"};
    struct stat old {};
    if (::stat(name_.c_str(), &old) != 0) {
        create(0666);
        return;
    }
    create(0600);  // until it has the owner and the mode of the old file
    take_after(old);
}

file_replacement::~file_replacement() {
    if (!is_in_place_)
        ::unlink(partial_.c_str());
    being_written.store(nullptr);
}

fs::path file_replacement::directory() const {
    return name_.has_parent_path() ? name_.parent_path() : fs::path{"."};
}

// The number is random: a killed process with the same process id may have left its own file.
void file_replacement::create(mode_t mode) {
    partial_ = directory() / (".coffer-" + std::to_string(std::random_device{}()) + ".partial");
    being_written.store(partial_.c_str());
    handle_ending_signals();
    descriptor_ = uninterrupted(
        [&] { return ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode); });
    if (descriptor_ != -1)
        return;
    const int error = errno;
    being_written.store(nullptr);
    fail(name_, "cannot be written beside, in " + directory().string() + ": ", error);
}

// A user who may write a file may not be permitted to change its owner. If the group of the old
// file cannot be set, no group has any rights.
void file_replacement::take_after(const struct stat& old) noexcept {
    mode_t mode = old.st_mode & 0777;
    if (::fchown(descriptor_, old.st_uid, old.st_gid) != 0 &&
        ::fchown(descriptor_, static_cast<uid_t>(-1), old.st_gid) != 0)
        mode &= ~static_cast<mode_t>(S_IRWXG);
    static_cast<void>(!::fchmod(descriptor_, mode));
}

void file_replacement::put_in_place() {
    if (std::rename(partial_.c_str(), name_.c_str()) != 0)
        fail(name_, "cannot be replaced: ", errno);
    is_in_place_ = true;
    sync_directory_or_throw(directory());
}

}  // namespace coffer::command
