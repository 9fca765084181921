#include "audit/data_copy.hpp"

#include <cstdint>
#include <optional>
#include <utility>

#include "audit/auditor.hpp"
#include "audit/data_files.hpp"
#include "audit/journal_copy.hpp"
#include "audit/partial_directory.hpp"
#include "audit/snapshot_copy.hpp"
#include "journal/journal_error.hpp"
#include "journal/posix_storage.hpp"
#include "journal/segment.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

// How often it is tried beside a server that trims its journal while it is copied.
constexpr int attempts = 5;

[[noreturn]] void fail(const fs::path& where, const std::string& what) {
    throw data_error{where.string() + ": " + what};
}

std::uint64_t first_record(const journal::storage& where) {
    const auto segments = journal::list_segments(where);
    return segments.empty() ? 0 : segments.front();
}

/// Copies snapshots first: the journal, read later, has all the records that they cover. It must
/// begin where it began when the snapshots were listed, or they may not reach back to it. Nothing
/// if it does not.
std::optional<std::vector<std::string>> try_copy(const data_files& from, const fs::path& to,
                                                 const patient_reader::pause& wait) {
    const journal::posix_storage storage{from.journal};
    const std::uint64_t begin = first_record(storage);
    try {
        auto left_out = copy_snapshots(from.snapshots, to / "snapshots");
        copy_journal(storage, to / "journal", wait);
        if (first_record(journal::posix_storage{to / "journal"}) == begin)
            return left_out;
    } catch (const journal::journal_error&) {
        if (first_record(storage) == begin)
            throw;
    }
    return std::nullopt;
}

finished_copy copy(const data_files& from, partial_directory& to,
                   const patient_reader::pause& wait) {
    finished_copy made;
    for (int left = attempts;; --left) {
        if (auto copied = try_copy(from, to.path(), wait)) {
            made.left_out = std::move(*copied);
            break;
        }
        if (left == 1)
            fail(from.directory, "its journal is trimmed faster than it can be copied");
        to.empty();
    }
    const fs::path& part = to.path();  // marked as one, which data_files::in refuses
    made.audited = examine({part, part / "journal", part / "snapshots"}, wait);
    return made;
}

std::string first_fault(const report& found) {
    return to_string(found.faults.kept().front());
}

finished_copy finish(finished_copy made, partial_directory& to) {
    if (!made.audited.holds())
        fail(to.destination(),
             "is not made, since the copy does not hold: " + first_fault(made.audited));
    to.finish();
    made.audited.directory = to.destination().string();
    return made;
}

}  // namespace

finished_copy back_up(const fs::path& directory, const fs::path& destination, leftover found,
                      const patient_reader::pause& wait) {
    const data_files from = data_files::in(directory);
    partial_directory to{destination, found};
    return finish(copy(from, to, wait), to);
}

finished_copy restore(const fs::path& backup, const fs::path& destination, leftover found,
                      const patient_reader::pause& wait) {
    const data_files from = data_files::in(backup);
    partial_directory to{destination, found};
    const report before = examine(from, wait);
    if (!before.holds())
        fail(backup, "does not hold, and is not restored: " + first_fault(before));
    finished_copy made = copy(from, to, wait);
    if (made.audited.holds() && !tells_the_same(made.audited, before))
        fail(backup, "has changed while it was copied: is a server running on it?");
    return finish(std::move(made), to);
}

}  // namespace coffer::audit
