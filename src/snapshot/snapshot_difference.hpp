// What changed between two snapshots of a ledger.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include <coffer/account_number.hpp>
#include <coffer/money.hpp>

#include "ops/text.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer::snapshot {

struct account_change {
    account_number account = 0;
    std::optional<money> before{};  ///< nothing: the account was opened in between
    money after{};
    std::uint64_t postings = 0;  ///< made in between

    /// After less before.
    [[nodiscard]] wide_minor change_minor() const noexcept {
        return wide_minor{after.minor()} - (before ? before->minor() : 0);
    }
};

struct snapshot_difference {
    std::uint64_t accounts_changed = 0;  ///< had postings in between; those opened are among them
    std::uint64_t accounts_opened = 0;
    std::uint64_t postings = 0;
    std::vector<account_change> changes;  ///< the largest, by their amounts, the largest first
};

/// The accounts of the two snapshots stand in orders so different that comparing them would take
/// more memory than allowed.
class order_too_different : public snapshot_error {
    using snapshot_error::snapshot_error;
};

struct comparison_limits {
    std::size_t changes = 100;  ///< how many are listed
    /// How many accounts are kept until they are met in the other file too. Snapshots of one life
    /// of a server have their accounts in the same order, but for new ones.
    std::size_t accounts_kept = std::size_t{1} << 21;
};

/// Reads both files once, block by block. `between` is called between two blocks, and may throw.
/// Throws snapshot_error or accounts_error, which name the file. Does not check the checksums.
/// Thread safety: a pure function.
[[nodiscard]] snapshot_difference compare_snapshots(const std::filesystem::path& before,
                                                    const std::filesystem::path& after,
                                                    const comparison_limits& limits,
                                                    const std::function<void()>& between);

}  // namespace coffer::snapshot
