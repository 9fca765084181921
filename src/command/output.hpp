// What a command writes for others to read: nothing of it is lost without being said.
#pragma once

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

namespace coffer::command {

/// Standard output, or a file in its place. Thread safety: none.
class output {
public:
    /// Standard output. From now on a reader that ends early is an error of write, and no signal.
    output();
    /// That file, which is made, or replaced; or a pipe or device. As to a reader that ends early,
    /// the same. Throws std::runtime_error.
    explicit output(const std::filesystem::path& file);
    output(const output&) = delete;
    output& operator=(const output&) = delete;
    ~output();

    /// Throws std::runtime_error, which says where to and why, if not all of it is written.
    void write(std::string_view text);

    /// Returns once all is written and, in a file, would survive a crash, as would the name of one
    /// that was made. Throws as write does.
    void finish();

private:
    [[noreturn]] void fail() const;

    std::string name_;
    std::FILE* to_ = nullptr;
    std::filesystem::path made_in_;  // the directory of a file that was not there; else empty
};

}  // namespace coffer::command
