// What a command writes for others to read: nothing of it is lost without being said.
#pragma once

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "command/file_replacement.hpp"

namespace coffer::command {

/// Opens those of the descriptors 0, 1 and 2 that are closed, so that no file of ours gets such a
/// number, and with it what is meant for standard output or the log. Reading finds nothing there
/// and writing fails. For the start of main.
void occupy_standard_descriptors() noexcept;

/// Standard output, or a file in its place. Thread safety: none.
class output {
public:
    /// Standard output. From now on a reader that ends early is an error of write, and no signal.
    output();
    /// That file. It is written beside and gets its name by `finish`; if that is not reached, what
    /// was there stays as it was. A symbolic link stays one: the file that it leads to is replaced.
    /// Pipes, devices and open descriptors (/dev/stdout, /dev/fd/N) are written to directly. A
    /// reader that ends early is an error here, too. Throws std::runtime_error.
    explicit output(const std::filesystem::path& file);
    output(const output&) = delete;
    output& operator=(const output&) = delete;
    ~output();

    /// Throws std::runtime_error, which says where to and why, if not all of it is written.
    void write(std::string_view text);

    /// Returns once all is written and, in a file, would survive a crash, as would its name. Throws
    /// as write does.
    void finish();

private:
    void open(const std::filesystem::path& file);
    [[noreturn]] void fail() const;

    std::string name_;
    std::FILE* to_ = nullptr;
    std::optional<file_replacement> replacement_;
};

}  // namespace coffer::command
