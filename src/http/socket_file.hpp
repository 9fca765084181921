// The file of a Unix socket: made by listening, and removed at the end.
#pragma once

#include <sys/types.h>

#include <filesystem>

namespace coffer::http {

/// A file that no server listens on any more is replaced; clients of the group may connect (mode
/// 0660). Thread safety: none.
class socket_file {
public:
    /// Throws as clear_way does, and removes nothing.
    static void require_free(const std::filesystem::path& path);
    /// Removes the file of a server that has ended. Throws std::system_error if a server listens
    /// there (address_in_use), or if the file is no socket (file_exists).
    static void clear_way(const std::filesystem::path& path);

    /// For a socket that has been bound to `path` with no access for others, and listens. Throws
    /// std::system_error.
    explicit socket_file(std::filesystem::path path);
    socket_file(const socket_file&) = delete;
    socket_file& operator=(const socket_file&) = delete;
    /// Removes the file, unless it is another's by now. Destroy it before the socket is closed:
    /// another server may replace the file from then on, and the inode's number may be the same.
    ~socket_file();

private:
    std::filesystem::path path_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace coffer::http
