// The one owner of a file descriptor: opens, reads, writes, syncs, locks and closes it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string_view>
#include <utility>

namespace coffer {

/// Closes the descriptor that it owns. Its calls are repeated while a signal interrupts them, and
/// `write` continues after a short write. Thread safety: none.
class file_descriptor {
public:
    /// Owns no descriptor.
    file_descriptor() = default;

    /// Takes ownership of an open descriptor; a negative number is none.
    explicit file_descriptor(int number) noexcept : number_{number} {}

    /// Opens `file` with the flags and mode of open(2), close-on-exec added. If that fails, the
    /// result is not open and errno has the reason.
    file_descriptor(const std::filesystem::path& file, int flags, mode_t mode = 0) noexcept;

    file_descriptor(file_descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
    file_descriptor& operator=(file_descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~file_descriptor();

    [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }

    /// The descriptor, for calls that this class does not have; negative if there is none.
    [[nodiscard]] int number() const noexcept { return number_; }

    /// Reads up to `size` bytes. Returns how many; 0 at the end, -1 with errno on failure.
    [[nodiscard]] ssize_t read(char* into, std::size_t size) noexcept;

    /// Reads up to `size` bytes at `offset`; the position of `read` does not change. Returns as
    /// `read` does.
    [[nodiscard]] ssize_t read_at(off_t offset, char* into, std::size_t size) noexcept;

    /// Writes all of `bytes`. Returns false with errno on failure; a part of them may be written
    /// then.
    [[nodiscard]] bool write(std::string_view bytes) noexcept;

    /// Returns once what was written survives a crash. Returns false with errno on failure.
    [[nodiscard]] bool sync() noexcept;

    /// Locks the file with flock, exclusively, until this is closed. Returns false with errno on
    /// failure: EWOULDBLOCK if another descriptor has it locked.
    [[nodiscard]] bool lock() noexcept;

    /// Locks the file with an open file description lock of fcntl (F_OFD_SETLK), which is
    /// independent of flock. The file must be open for writing. Returns as `lock` does.
    [[nodiscard]] bool lock_range() noexcept;

private:
    int number_ = -1;
};

}  // namespace coffer
