#include "engine/retention.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

#include "ops/file_calls.hpp"
#include "ops/log.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer {

retention::retention(journal::batch_log& log, std::filesystem::path snapshots, options chosen)
    : log_{log}, snapshots_{std::move(snapshots)}, chosen_{std::move(chosen)} {}

void retention::trim() noexcept {
    if (!chosen_.retain)
        return;
    try {
        // A record may only go if it is in snapshots whose names survive a crash.
        sync_directory_or_throw(snapshots_);
        const std::uint64_t before = std::min(first_needed(), first_young());
        if (!log_.can_trim(before))
            return;
        require_whole_snapshot();
        if (const journal::log_status status = log_.trim(before); !status)
            log::error("the journal is not trimmed: {}", status.reason);
    } catch (const std::exception& error) {
        log::error("the journal is not trimmed: {}", error.what());
    }
}

/// The first record that has to be replayed on top of some snapshot; 0 if there is no snapshot. The
/// snapshots' checksums are not looked at: a damaged one can only make the result too early. A
/// snapshot that cannot be read at all is of no use to recovery either, and is skipped.
std::uint64_t retention::first_needed() const {
    constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t first = none;
    for (const std::filesystem::path& file : snapshot::list_snapshots(snapshots_)) {
        try {
            const snapshot::snapshot_info stated = snapshot::peek_at_snapshot(file);
            first = std::min({first, stated.after_record + 1, stated.keys_from});
        } catch (const snapshot::snapshot_error& refused) {
            log::warn("a snapshot is passed over: {}", refused.what());
        }
    }
    return first == none ? 0 : first;
}

/// Throws snapshot_error if the newest snapshot that can be read is damaged: then the records that
/// it covers are still needed.
void retention::require_whole_snapshot() const {
    for (const std::filesystem::path& file : snapshot::list_snapshots(snapshots_)) {
        try {
            static_cast<void>(snapshot::peek_at_snapshot(file));
        } catch (const snapshot::snapshot_error&) {
            continue;  // first_needed has logged it
        }
        static_cast<void>(snapshot::check_snapshot(file));
        return;
    }
}

/// A record before which every record is old enough. If the clock is behind the log, the log's time
/// counts.
std::uint64_t retention::first_young() const {
    const auto age = static_cast<std::uint64_t>(std::max(chosen_.retain->count(), std::int64_t{0}));
    const std::uint64_t now_ns = std::max(chosen_.running_ns(), log_.running_ns_reached());
    return log_.first_record_as_of(now_ns - std::min(age, now_ns));
}

}  // namespace coffer
