// A file that is written beside the one it replaces, and takes its name once it is whole.
#pragma once

#include <sys/stat.h>

#include <filesystem>

namespace coffer::command {

/// Until put_in_place is called, whatever was at the name stays as it was. One at a time in a
/// process, since a signal that ends the process removes the new file, too. Only SIGKILL, a
/// real-time signal and a crash leave it: as `.coffer-NUMBER.partial`, in the same directory, with
/// a random number. Other hard links to the old file keep its content.
///
/// Thread safety: none.
class file_replacement {
public:
    /// Makes the new file, with the mode and, as far as that is allowed, the owner and group of the
    /// old one; without rights for the group if that is another one. At no time may anyone open it
    /// who may not open the old one. `name` is no symbolic link: what it names is replaced. Throws
    /// std::runtime_error if the old file may not be written or is a mount point, or if none can be
    /// made beside it.
    explicit file_replacement(std::filesystem::path name);
    file_replacement(const file_replacement&) = delete;
    file_replacement& operator=(const file_replacement&) = delete;
    /// Removes the new file unless it is in place.
    ~file_replacement();

    /// Open for writing, and for the caller to close.
    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

    /// Gives the file its name. What was written is on the disk already; when this returns, so is
    /// the name. Throws std::runtime_error.
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
