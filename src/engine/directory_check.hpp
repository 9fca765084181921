// Finds out whether a server could start on a data directory, and changes nothing in it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace coffer {

struct directory_findings {
    enum class state : std::uint8_t {
        absent,  ///< a start makes it
        empty,   ///< a start begins a ledger in it
        ledger,  ///< a start goes on with the ledger in it
        in_use,  ///< the same, once the server that runs on it has ended
    };
    state now;
    std::string what;  ///< what is in it, for people; empty if there is no ledger
};

/// Reads the directory as a start does, with the same code; one that a server runs on it reads
/// without making a ledger of it, which could take more memory than there is. Writes nothing, and
/// leaves no lock: it locks the directory for a moment, to learn whether a server has.
///
/// Throws std::runtime_error if a server would not start on it, or could not write to it: it is no
/// directory, it is an unfinished copy or an increment, something in it is damaged or of a newer
/// format, or this user may not read or write it. Thread safety: any thread.
[[nodiscard]] directory_findings check_directory(const std::filesystem::path& where,
                                                 std::chrono::nanoseconds key_life);

}  // namespace coffer
