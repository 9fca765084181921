// A directory that is made under another name than the one it gets when it is whole.
#pragma once

#include <filesystem>

namespace coffer::audit {

/// DEST.partial until it is finished; removed if it never is. Thread safety: none.
class partial_directory {
public:
    /// Makes it. Throws data_error if `destination` is there already, but for an empty directory
    /// that can be replaced, which a mount point and a symbolic link cannot; or if there is a part
    /// that somebody was killed over.
    explicit partial_directory(const std::filesystem::path& destination);
    partial_directory(const partial_directory&) = delete;
    partial_directory& operator=(const partial_directory&) = delete;
    ~partial_directory();

    /// Where it is until it is finished.
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] const std::filesystem::path& destination() const noexcept { return destination_; }

    /// Removes all that is in it, as far as that can be.
    void empty() const noexcept;

    /// Gives it its name. Returns once a crash would not take it back. Throws data_error,
    /// snapshot_error.
    void finish();

private:
    std::filesystem::path destination_;
    std::filesystem::path path_;
    bool finished_ = false;
};

}  // namespace coffer::audit
