#include "command/output.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

namespace coffer::command {

output::output() : name_{"standard output"}, to_{stdout} {
    std::signal(SIGPIPE, SIG_IGN);
}

output::output(const std::filesystem::path& file)
    : name_{file.string()}, to_{std::fopen(file.c_str(), "we")} {
    if (to_ == nullptr)
        fail();
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
    if (std::fflush(to_) != 0 || (to_ != stdout && ::fsync(::fileno(to_)) != 0))
        fail();
}

void output::fail() const {
    throw std::runtime_error{name_ + ": " + std::generic_category().message(errno)};
}

}  // namespace coffer::command
