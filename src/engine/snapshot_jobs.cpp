#include "engine/snapshot_jobs.hpp"

#include <system_error>

#include "journal/interruption.hpp"
#include "ops/utc_time.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer {
namespace {

namespace fs = std::filesystem;

/// Nothing if the file is gone or no snapshot.
std::optional<kept_snapshot> look_at(const fs::path& file) {
    try {
        const snapshot::snapshot_info stated = snapshot::peek_at_snapshot(file);
        const auto time_ns = parse_utc_text(stated.taken_at);
        std::error_code error;
        const auto bytes = fs::file_size(file, error);
        if (error || !time_ns)
            return std::nullopt;
        return kept_snapshot{
            file.filename().string(), to_utc_text(*time_ns), stated.after_record, stated.accounts,
            stated.total_minor,       stated.holds,          stated.held_minor,   bytes};
    } catch (const snapshot::snapshot_error&) {
        return std::nullopt;
    }
}

}  // namespace

void snapshot_list::read(journal::history&) {
    found_.clear();
    for (const fs::path& file : snapshot::list_snapshots(folder_)) {
        journal::interruption::check();
        if (std::optional<kept_snapshot> one = look_at(file))
            found_.push_back(std::move(*one));
    }
}

void snapshot_comparison::free_place::operator()(std::atomic<bool>* is_taken) const noexcept {
    is_taken->store(false, std::memory_order_relaxed);
}

snapshot_comparison::place snapshot_comparison::take_place() noexcept {
    static std::atomic<bool> is_taken{false};
    // Relaxed, here and where it is freed: nothing else is ordered by it.
    return place{is_taken.exchange(true, std::memory_order_relaxed) ? nullptr : &is_taken};
}

void snapshot_comparison::read(journal::history&) {
    // By their names in the list: no other file can be asked for.
    std::optional<kept_snapshot> first;
    std::optional<kept_snapshot> second;
    bool is_first_older = false;
    for (const fs::path& file : snapshot::list_snapshots(asked_.folder)) {
        const fs::path name = file.filename();
        if (name == asked_.after)
            second = look_at(file);
        if (name == asked_.before) {
            first = look_at(file);
            is_first_older = second.has_value() && asked_.before != asked_.after;
        }
    }
    if (!first || !second) {
        how_ = result::unknown;
        return;
    }
    if (!is_first_older) {
        how_ = result::out_of_order;
        return;
    }
    try {
        difference_ = snapshot::compare_snapshots(
            asked_.folder / asked_.before, asked_.folder / asked_.after,
            {.changes = asked_.most_changes}, [] { journal::interruption::check(); });
    } catch (const snapshot::order_too_different&) {
        how_ = result::too_different;
        return;
    }
    before_ = std::move(*first);
    after_ = std::move(*second);
}

}  // namespace coffer
