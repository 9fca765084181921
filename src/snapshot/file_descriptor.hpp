// An open file, and what its calls leave to the caller: interruptions and short writes.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <utility>

namespace coffer::snapshot {

/// Closes what it holds. Thread safety: none.
class file_descriptor {
public:
    /// Opens `file` with the flags and mode of open(2), and closed on exec. Where that fails the
    /// result is not open and errno says why.
    file_descriptor(const std::filesystem::path& file, int flags, mode_t mode = 0) noexcept;
    file_descriptor(file_descriptor&& other) noexcept : value_{std::exchange(other.value_, -1)} {}
    file_descriptor& operator=(file_descriptor&& other) noexcept {
        std::swap(value_, other.value_);
        return *this;
    }
    ~file_descriptor();

    [[nodiscard]] bool is_open() const noexcept { return value_ >= 0; }

    /// Reads up to `size` bytes. Returns how many; 0 at the end, -1 with errno on failure.
    [[nodiscard]] ssize_t read(char* into, std::size_t size) noexcept;

    /// The same from `offset` on, wherever read has come to.
    [[nodiscard]] ssize_t read_at(off_t offset, char* into, std::size_t size) noexcept;

    /// Writes all of `bytes`. False with errno on failure; some of them may be written then.
    [[nodiscard]] bool write(std::string_view bytes) noexcept;

    /// Returns once what was written would survive a crash. False with errno on failure.
    [[nodiscard]] bool sync() noexcept;

    /// Locks the file for as long as this is open, against every other opening of it, with flock.
    /// False with errno on failure, EWOULDBLOCK if someone else has it locked.
    [[nodiscard]] bool lock() noexcept;

    /// The same with a lock of fcntl that belongs to the opening (F_OFD_SETLK). Neither kind of
    /// lock knows of the other. The file is open for writing.
    [[nodiscard]] bool lock_range() noexcept;

private:
    int value_;
};

}  // namespace coffer::snapshot
