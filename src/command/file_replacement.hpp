// A file that is written beside the one it replaces, and takes its name once it is whole.
#pragma once

#include <filesystem>

namespace coffer::command {

/// Until put_in_place is called, whatever was at the name stays as it was. One at a time in a
/// process, since a signal that ends the process (SIGINT, SIGTERM, SIGHUP, SIGQUIT) removes the new
/// file, too. Only SIGKILL and a crash leave it: as `.coffer-PID.partial`, in the same directory.
///
/// Thread safety: none.
class file_replacement {
public:
    /// Makes the new file, with the mode and, as far as that is allowed, the owner of the old one.
    /// `name` is no symbolic link: what it names is replaced. Throws std::runtime_error if the old
    /// file may not be written, or none can be made beside it.
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
    void create();
    void take_after_old() noexcept;

    std::filesystem::path name_;
    std::filesystem::path partial_;
    int descriptor_ = -1;
    bool is_in_place_ = false;
};

}  // namespace coffer::command
