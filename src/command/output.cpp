#include "command/output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <stdexcept>
#include <system_error>

namespace coffer::command {
namespace {

namespace fs = std::filesystem;

/// Whether `error`, of fsync, means that the file cannot be synced since it is a pipe or a device.
bool is_never_synced(int file, int error) {
    struct stat found {};
    return (error == EINVAL || error == EROFS || error == ENOTSUP) && ::fstat(file, &found) == 0 &&
           !S_ISREG(found.st_mode);
}

/// Returns the open descriptor of this process that a path such as /proc/self/fd/1 names.
std::optional<int> descriptor_named(const fs::path& file) {
    std::error_code error;
    const fs::path directory = fs::canonical(file.parent_path(), error);
    if (error || directory != fs::path{"/proc"} / std::to_string(::getpid()) / "fd")
        return std::nullopt;
    const std::string name = file.filename();
    int number = -1;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (failure != std::errc{} || end != name.data() + name.size())
        return std::nullopt;
    return number;
}

/// Follows the symbolic link at the end of a path, also to a file that does not exist. Stops at an
/// open descriptor, which has a position in its file, or appends.
fs::path followed(fs::path file) {
    constexpr int most_links = 40;
    std::error_code error;
    for (int i = 0; i != most_links; ++i) {
        if (!fs::is_symlink(fs::symlink_status(file, error)) || descriptor_named(file))
            return file;
        const fs::path to = fs::read_symlink(file, error);
        if (error)
            return file;
        file = file.parent_path() / to;  // `to` alone if that is absolute
    }
    return file;
}

std::FILE* opened_for_writing(int descriptor) {
    std::FILE* const file = descriptor == -1 ? nullptr : ::fdopen(descriptor, "w");
    if (file == nullptr && errno == EINVAL)
        errno = EBADF;  // it is open for reading only
    return file;
}

bool is_regular_or_new(const fs::path& file) {
    std::error_code error;
    const fs::file_status found = fs::status(file, error);
    return found.type() == fs::file_type::regular || found.type() == fs::file_type::not_found;
}

}  // namespace

void occupy_standard_descriptors() noexcept {
    // open returns the lowest free number.
    for (int one = STDIN_FILENO; one <= STDERR_FILENO; ++one)
        if (::fcntl(one, F_GETFD) == -1 && ::open("/dev/null", O_RDONLY) == -1)
            static_cast<void>(::open("/", O_RDONLY));
}

output::output() : name_{"standard output"}, to_{stdout} {
    std::signal(SIGPIPE, SIG_IGN);
}

output::output(const fs::path& file) : name_{file.string()} {
    std::signal(SIGPIPE, SIG_IGN);
    open(followed(file));
    if (to_ == nullptr)
        fail();
}

output::~output() {
    if (to_ != stdout)
        std::fclose(to_);
}

void output::open(const fs::path& file) {
    if (const std::optional<int> open_already = descriptor_named(file)) {
        to_ = opened_for_writing(::fcntl(*open_already, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    } else if (is_regular_or_new(file)) {
        replacement_.emplace(file);
        to_ = opened_for_writing(replacement_->descriptor());
    } else {
        to_ = std::fopen(file.c_str(), "we");
    }
}

void output::write(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), to_) != text.size())
        fail();
}

void output::finish() {
    if (std::fflush(to_) != 0)
        fail();
    if (to_ == stdout)
        return;
    if (::fsync(::fileno(to_)) != 0 && !is_never_synced(::fileno(to_), errno))
        fail();
    if (replacement_)
        replacement_->put_in_place();
}

void output::fail() const {
    throw std::runtime_error{name_ + ": " + std::generic_category().message(errno)};
}

}  // namespace coffer::command
