// Names, publishes and removes the snapshots in a directory: 11.json, 12.json and so on, and
// latest.json, a symbolic link to the newest.
//
// Only files with the name of a snapshot or of its temporary (.12.json.tmp) are ever touched. Other
// files may be in the directory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace coffer::snapshot {

/// Why a snapshot cannot be written or read: `PATH: what failed: the system's reason`.
class snapshot_error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Throws the snapshot_error for a call that failed with errno.
[[noreturn]] void throw_snapshot_error(const std::filesystem::path& where, const char* what_failed);

/// Returns the snapshots in `directory`, the one with the highest number first; none if the
/// directory does not exist. Changes nothing. Throws snapshot_error.
[[nodiscard]] std::vector<std::filesystem::path> list_snapshots(
    const std::filesystem::path& directory);

/// Thread safety: none; one thread at a time, and one process for a directory.
class snapshot_directory {
public:
    /// Creates `where` and its parents if they are missing, checks that files can be made in it,
    /// and removes the temporaries of a killed process. Throws std::runtime_error, which is a
    /// snapshot_error unless the directory cannot be created.
    explicit snapshot_directory(const std::filesystem::path& where);

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    /// Returns the snapshot with the highest number; nothing if there is none. Throws
    /// snapshot_error.
    [[nodiscard]] std::optional<std::filesystem::path> latest() const;

    /// Returns the number of the next snapshot, higher than that of any that is here or was
    /// published. Throws snapshot_error if there is none, std::runtime_error if the directory was
    /// removed and cannot be created again.
    [[nodiscard]] std::uint64_t next_number() const;

    [[nodiscard]] std::filesystem::path file(std::uint64_t number) const;
    /// The file of a snapshot until it is published.
    [[nodiscard]] std::filesystem::path temporary(std::uint64_t number) const;

    /// Renames the temporary, which must be synced, to its snapshot, points latest.json to it, and
    /// returns once both survive a crash. Throws std::runtime_error; then the snapshot has either
    /// name. If latest.json cannot be a symbolic link, that is logged once, and there is none.
    void publish(std::uint64_t number);

    /// Removes all snapshots but the `keep` with the highest numbers, and at least one. One that
    /// cannot be removed is logged once. Throws snapshot_error if the directory cannot be listed.
    void prune(std::size_t keep);

private:
    void prove_writable() const;
    void remove_temporaries() const;
    [[nodiscard]] std::error_code link_latest(std::uint64_t number) const;
    [[nodiscard]] std::uint64_t highest() const;

    std::filesystem::path path_;
    std::uint64_t published_ = 0;
    bool lacks_link_ = false;              // latest.json could not be made: logged
    std::set<std::uint64_t> irremovable_;  // logged
};

}  // namespace coffer::snapshot
