// The file system calls of a journal in files: tests put an implementation here that fails.
//
// Calls return errors to the caller; implementations handle interruptions and short reads and
// writes. File names are within one directory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace coffer::journal {

/// Identifies a file among all files that exist at the same time, and has its size.
struct file_identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::uint64_t changed_ns = 0;  ///< of a directory: when a name in it was last changed

    [[nodiscard]] bool is_same_file(const file_identity& other) const noexcept {
        return device == other.device && inode == other.inode;
    }
};

struct identify_result {
    file_identity value;
    std::error_code error;
};

/// An open file. Thread safety: for one thread at a time.
class storage_file {
public:
    virtual ~storage_file() = default;

    struct read_result {
        std::size_t bytes = 0;  ///< fewer than requested only at the file's end
        std::error_code error;
    };
    [[nodiscard]] virtual read_result read(std::uint64_t offset, std::span<std::byte> into) = 0;

    /// Writes all of it. After a failure, any part of it may have been written.
    [[nodiscard]] virtual std::error_code write(std::uint64_t offset,
                                                std::span<const std::byte> bytes) = 0;

    /// Allocates this much room from the beginning of the file, and makes the file that long, so
    /// that no write within it lacks room.
    [[nodiscard]] virtual std::error_code allocate(std::uint64_t bytes) = 0;

    /// Returns once what was written, and the length, survive a crash.
    [[nodiscard]] virtual std::error_code sync() = 0;

    struct size_result {
        std::uint64_t bytes = 0;
        std::error_code error;
    };
    [[nodiscard]] virtual size_result size() const = 0;

    [[nodiscard]] virtual identify_result identify() const = 0;
};

/// A directory. Thread safety: all members may be called from any thread at once.
class storage {
public:
    virtual ~storage() = default;

    enum class access : std::uint8_t { read, write, create };  ///< create: it must not be there
    struct open_result {
        std::unique_ptr<storage_file> file;
        std::error_code error;
    };
    [[nodiscard]] virtual open_result open(const std::string& name, access wanted) const = 0;

    struct list_result {
        std::vector<std::string> names;  ///< in no particular order
        std::error_code error;
    };
    [[nodiscard]] virtual list_result list() const = 0;

    /// The file that has this name now; the directory itself if it is empty.
    [[nodiscard]] virtual identify_result identify(const std::string& name) const = 0;

    /// Replaces a file that has the name `to`.
    [[nodiscard]] virtual std::error_code rename(const std::string& from,
                                                 const std::string& to) = 0;
    [[nodiscard]] virtual std::error_code remove(const std::string& name) = 0;

    /// Returns once the names in the directory survive a crash.
    [[nodiscard]] virtual std::error_code sync() = 0;

    /// The name of a file for people, with its directory.
    [[nodiscard]] virtual std::string path(std::string_view name) const = 0;
};

}  // namespace coffer::journal
