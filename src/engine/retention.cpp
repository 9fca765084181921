#include "engine/retention.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>
#include <vector>

#include "journal/segment.hpp"
#include "journal/segment_reader.hpp"
#include "ops/file_calls.hpp"
#include "ops/log.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer {

retention::retention(const journal::storage& where, journal::batch_log& log,
                     std::filesystem::path snapshots, options chosen)
    : storage_{where}, log_{log}, snapshots_{std::move(snapshots)}, chosen_{std::move(chosen)} {}

void retention::trim() noexcept {
    if (!chosen_.retain)
        return;
    try {
        // What is trimmed is in snapshots whose names a crash does not take back.
        sync_directory_or_throw(snapshots_);
        const std::uint64_t before = std::min(first_needed(), first_young());
        if (!would_trim(before))
            return;
        require_whole_snapshot();
        if (const journal::log_status status = log_.trim(before); !status)
            log::error("the journal is not trimmed: {}", status.reason);
    } catch (const std::exception& error) {
        log::error("the journal is not trimmed: {}", error.what());
    }
}

/// The first record that a snapshot there needs to be replayed on top of it; 0 if there is none.
/// What a snapshot says is believed here, whether it is whole or not: one that is not can only make
/// it too early. One that says nothing of use is of no use to recovery either.
std::uint64_t retention::first_needed() const {
    constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();
    std::uint64_t first = none;
    for (const std::filesystem::path& file : snapshot::list_snapshots(snapshots_)) {
        try {
            const snapshot::snapshot_info said = snapshot::peek_at_snapshot(file);
            first = std::min({first, said.after_record + 1, said.keys_from});
        } catch (const snapshot::snapshot_error& refused) {
            log::warn("a snapshot is passed over: {}", refused.what());
        }
    }
    return first == none ? 0 : first;
}

bool retention::would_trim(std::uint64_t before) const {
    const std::vector<std::uint64_t> segments = journal::list_segments(storage_);
    return segments.size() > 1 && segments[1] <= before;
}

/// Throws snapshot_error if the newest snapshot that says what it needs is damaged: what it
/// replaces is still needed then.
void retention::require_whole_snapshot() const {
    for (const std::filesystem::path& file : snapshot::list_snapshots(snapshots_)) {
        try {
            static_cast<void>(snapshot::peek_at_snapshot(file));
        } catch (const snapshot::snapshot_error&) {
            continue;  // first_needed has named it
        }
        static_cast<void>(snapshot::check_snapshot(file));
        return;
    }
}

/// The first record of the oldest segment that is not old enough wholly.
std::uint64_t retention::first_young() const {
    const std::vector<std::uint64_t> segments = journal::list_segments(storage_);
    if (segments.empty())
        return 0;
    const auto age = static_cast<std::uint64_t>(std::max(chosen_.retain->count(), std::int64_t{0}));
    const journal::segment_reader last{storage_, segments.back()};
    const std::uint64_t now = std::max(chosen_.running_ns(), last.header().before.running_ns);
    return journal::segment_before(storage_, segments, &journal::batch_position::running_ns,
                                   now - std::min(age, now));
}

}  // namespace coffer
