#include "command/output.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

#include "snapshot/directory_sync.hpp"

namespace coffer::command {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& file) {
    std::error_code ignored;
    return fs::exists(file, ignored);
}

/// Whether fsync's errno says that this is nothing that a crash could take back: a pipe, a device.
bool is_never_synced(int file, int error) {
    struct stat found {};
    return (error == EINVAL || error == EROFS || error == ENOTSUP) && ::fstat(file, &found) == 0 &&
           !S_ISREG(found.st_mode);
}

}  // namespace

output::output() : name_{"standard output"}, to_{stdout} {
    std::signal(SIGPIPE, SIG_IGN);
}

output::output(const fs::path& file) : name_{file.string()} {
    std::signal(SIGPIPE, SIG_IGN);
    const bool is_new = !is_there(file);
    to_ = std::fopen(file.c_str(), "we");
    if (to_ == nullptr)
        fail();
    if (is_new)
        made_in_ = fs::canonical(file).parent_path();
}

output::~output() {
    if (to_ != stdout)
        std::fclose(to_);
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
    if (!made_in_.empty())
        snapshot::sync_directory(made_in_);
}

void output::fail() const {
    throw std::runtime_error{name_ + ": " + std::generic_category().message(errno)};
}

}  // namespace coffer::command
