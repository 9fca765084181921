// Replaces a file by a new one, which is written beside it and renamed when it is complete.
#pragma once

#include <sys/stat.h>

#include <filesystem>

namespace coffer::command {

/// Until put_in_place is called, the old file does not change. One at a time in a process: a signal
/// that ends the process removes the new file too. Only SIGKILL, a real-time signal and a crash
/// leave it, as `.coffer-NUMBER.partial` in the same directory, with a random number. Other hard
/// links to the old file keep its content.
///
/// Thread safety: none.
class file_replacement {
public:
    /// Makes the new file, with the mode and, if permitted, the owner and group of the old one. If
    /// the group cannot be kept, no group has any rights. At no time can anyone open it who cannot
    /// open the old one. `name` must not be a symbolic link. Throws std::runtime_error if the old
    /// file is not writable or is a mount point, or if no file can be made beside it.
    explicit file_replacement(std::filesystem::path name);
    file_replacement(const file_replacement&) = delete;
    file_replacement& operator=(const file_replacement&) = delete;
    /// Removes the new file unless it is in place.
    ~file_replacement();

    /// The descriptor of the new file, open for writing. The caller must close it.
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

    /// Renames the new file, whose content must be synced. Returns once the name survives a crash.
    /// Throws std::runtime_error.
    void put_in_place();

private:
    [[nodiscard]] std::filesystem::path directory() const;
    void create(mode_t mode);
    void take_after(const struct stat& old) noexcept;

    std::filesystem::path name_;
    std::filesystem::path partial_;
    int descriptor_ = -1;
    bool is_in_place_ = false;
};

}  // namespace coffer::command
