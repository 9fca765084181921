#include "command/file_replacement.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "snapshot/directory_sync.hpp"

namespace coffer::command {
namespace {

namespace fs = std::filesystem;

constexpr std::array ending_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/// For the handler: what it removes. Lock-free, as a handler needs it.
std::atomic<const char*> being_written{nullptr};
static_assert(std::atomic<const char*>::is_always_lock_free);

extern "C" void remove_and_end(int number) {
    if (const char* const partial = being_written.load())
        ::unlink(partial);
    if (::getpid() == 1)  // the default effect would be none
        ::_exit(128 + number);
    std::signal(number, SIG_DFL);
    std::raise(number);  // takes effect on return
}

void handle_ending_signals() noexcept {
    for (const int one : ending_signals) {
        struct sigaction now {};
        if (::sigaction(one, nullptr, &now) == 0 && now.sa_handler != SIG_IGN)
            std::signal(one, &remove_and_end);
    }
}

[[noreturn]] void fail(const fs::path& where, const std::string& what, int error) {
    throw std::runtime_error{where.string() + ": " + what + std::generic_category().message(error)};
}

}  // namespace

file_replacement::file_replacement(fs::path name) : name_{std::move(name)} {
    if (::faccessat(AT_FDCWD, name_.c_str(), W_OK, AT_EACCESS) != 0 && errno != ENOENT)
        fail(name_, "", errno);
    create();
    take_after_old();
}

file_replacement::~file_replacement() {
    if (!is_in_place_)
        ::unlink(partial_.c_str());
    being_written.store(nullptr);
}

fs::path file_replacement::directory() const {
    return name_.has_parent_path() ? name_.parent_path() : fs::path{"."};
}

void file_replacement::create() {
    handle_ending_signals();
    constexpr int most_left_over = 100;  // by processes of the same number that were killed
    for (int i = 0; i != most_left_over; ++i) {
        const std::string more = i == 0 ? "" : '-' + std::to_string(i);
        partial_ = directory() / (".coffer-" + std::to_string(::getpid()) + more + ".partial");
        descriptor_ = ::open(partial_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor_ != -1) {
            being_written.store(partial_.c_str());
            return;
        }
        if (errno != EEXIST && errno != EINTR)
            break;
    }
    fail(name_, "cannot be written beside, in " + directory().string() + ": ", errno);
}

// What is not allowed is left out: who may write the file may not always give it away.
void file_replacement::take_after_old() noexcept {
    struct stat old {};
    if (::stat(name_.c_str(), &old) != 0)
        return;
    if (::fchown(descriptor_, old.st_uid, old.st_gid) != 0)
        static_cast<void>(!::fchown(descriptor_, static_cast<uid_t>(-1), old.st_gid));
    static_cast<void>(!::fchmod(descriptor_, old.st_mode & 0777));
}

void file_replacement::put_in_place() {
    if (std::rename(partial_.c_str(), name_.c_str()) != 0)
        fail(name_, "cannot be replaced: ", errno);
    is_in_place_ = true;
    snapshot::sync_directory(directory());
}

}  // namespace coffer::command
