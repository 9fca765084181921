// What a snapshot says of itself, and whether it is whole.
#pragma once

#include <cstdint>
#include <filesystem>

#include "snapshot/journal_marks.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer::snapshot {

struct snapshot_info {
    __extension__ using wide = unsigned __int128;

    std::uint64_t number = 0;
    ledger_id ledger{};
    std::uint64_t after_record = 0;  ///< every record up to this one is in it
    /// No key that was remembered then has an earlier record: after_record + 1 at most.
    std::uint64_t keys_from = 0;
    std::uint64_t until_record = 0;  ///< no record after this one is in it
    std::uint64_t accounts = 0;
    wide total_minor = 0;
};

/// Reads the whole file once, holding little of it, and checks its first line, its last line, and
/// its checksum, which is over all there is between. What is not checked is whether the accounts
/// are as many as it says and have the total: that is for who reads them. Throws snapshot_error,
/// which names the file and says what is wrong. Thread safety: a pure function.
[[nodiscard]] snapshot_info check_snapshot(const std::filesystem::path& file);

/// What the file says of itself, from its first and its last line alone: no checksum is looked at.
/// Throws as check_snapshot does. Thread safety: a pure function.
[[nodiscard]] snapshot_info peek_at_snapshot(const std::filesystem::path& file);

}  // namespace coffer::snapshot
