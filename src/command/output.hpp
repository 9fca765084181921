// Writes the output of a command to standard output or to a file, and reports every failure.
#pragma once

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "command/file_replacement.hpp"

namespace coffer::command {

/// Opens the closed ones among the descriptors 0, 1 and 2, so that no other file gets their numbers
/// and what is written to standard output or the log. Reading from them finds nothing, writing
/// fails. Call it at the start of main.
void occupy_standard_descriptors() noexcept;

/// Standard output or a file. Thread safety: none.
class output {
public:
    /// Opens standard output. Ignores SIGPIPE: a reader that ends early makes `write` throw.
    output();
    /// Opens a file. It is written beside the old one, which `finish` replaces; without `finish`
    /// the old one does not change. If `file` is a symbolic link, the file that it leads to is
    /// replaced. Pipes, devices and open descriptors (/dev/stdout, /dev/fd/N) are written to
    /// directly. Ignores SIGPIPE. Throws std::runtime_error.
    explicit output(const std::filesystem::path& file);
    output(const output&) = delete;
    output& operator=(const output&) = delete;
    ~output();

    /// Writes all of `text`. Throws std::runtime_error, which names the output and the reason.
    void write(std::string_view text);

    /// Returns once everything is written and, in a file, survives a crash with the file's name.
    /// Throws as write does.
    void finish();

private:
    void open(const std::filesystem::path& file);
    [[noreturn]] void fail() const;

    std::string name_;
    std::FILE* to_ = nullptr;
    std::optional<file_replacement> replacement_;
};

}  // namespace coffer::command
