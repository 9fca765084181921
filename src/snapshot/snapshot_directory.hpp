// A directory of snapshots: 11.json, 12.json and so on, and latest.json, a link to the newest.
//
// Only what is called as a snapshot or as its temporary (.12.json.tmp) is ever touched; anything
// else may lie beside them.
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

/// Why there is no snapshot: `PATH: what failed: the system's reason`.
class snapshot_error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Throws the snapshot_error for a call that has just left its reason in errno.
[[noreturn]] void throw_snapshot_error(const std::filesystem::path& where, const char* what_failed);

/// The snapshots in `directory`, the newest, by number, first; none if it is not there. Changes
/// nothing. Throws snapshot_error.
[[nodiscard]] std::vector<std::filesystem::path> list_snapshots(
    const std::filesystem::path& directory);

/// Thread safety: none; one thread at a time, and one process a directory.
class snapshot_directory {
public:
    /// Creates `where`, its parents too, unless it is there; proves that files can be made in it;
    /// removes what a killed process left unfinished. Throws snapshot_error.
    explicit snapshot_directory(const std::filesystem::path& where);

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    /// The newest snapshot, by number. Nothing if there is none. Throws snapshot_error.
    [[nodiscard]] std::optional<std::filesystem::path> latest() const;

    /// The number of the next snapshot: above any that is here or was published. Throws
    /// snapshot_error if none is left.
    [[nodiscard]] std::uint64_t next_number() const;

    [[nodiscard]] std::filesystem::path file(std::uint64_t number) const;
    /// Where a snapshot stands until it is published.
    [[nodiscard]] std::filesystem::path temporary(std::uint64_t number) const;

    /// Gives the temporary of that number, already synced, its name, leads latest.json to it, and
    /// returns once a crash would change neither. Throws snapshot_error; then the snapshot has
    /// either name. latest.json is a convenience: where it cannot be a symbolic link, the log says
    /// so once, and there is none.
    void publish(std::uint64_t number);

    /// Removes all snapshots but the newest `keep`, by number; one stays even where that is 0. One
    /// that cannot be removed is named in the log, once, and stays. Throws snapshot_error if the
    /// directory cannot be listed.
    void prune(std::size_t keep);

private:
    void prove_writable() const;
    void remove_temporaries() const;
    [[nodiscard]] std::error_code link_latest(std::uint64_t number) const;
    [[nodiscard]] std::uint64_t highest() const;

    std::filesystem::path path_;
    std::uint64_t published_ = 0;
    bool lacks_link_ = false;              // and the log has said so
    std::set<std::uint64_t> irremovable_;  // the log has named them
};

}  // namespace coffer::snapshot
