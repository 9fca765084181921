// The newest snapshot that is whole, as a ledger.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include <coffer/ledger.hpp>

#include "journal/segment.hpp"

namespace coffer {

struct restored_snapshot {
    std::unique_ptr<coffer::ledger> ledger;  ///< without accounts if no snapshot is whole
    std::filesystem::path file;              ///< empty then
    std::uint64_t after_record = 0;          ///< every record up to this one is in the ledger
    std::uint64_t until_record = 0;          ///< no record after this one is
    std::uint64_t keys_from = 1;  ///< no key that was remembered then has an earlier record
};

/// Restores the first of `newest_first` that passes its check, has as many accounts as it says, and
/// their total. Those before it are named in the log. Throws snapshot::snapshot_error if the first
/// that passes its check is of another ledger than `journal_id`; std::bad_alloc.
[[nodiscard]] restored_snapshot restore_newest(std::span<const std::filesystem::path> newest_first,
                                               const ledger_id& journal_id);

}  // namespace coffer
