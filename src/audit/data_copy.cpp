#include "audit/data_copy.hpp"

#include <cstdint>
#include <optional>
#include <utility>

#include "audit/auditor.hpp"
#include "audit/data_files.hpp"
#include "audit/journal_copy.hpp"
#include "audit/retries.hpp"
#include "audit/snapshot_copy.hpp"
#include "journal/journal_error.hpp"
#include "journal/posix_storage.hpp"
#include "journal/segment.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

/// Copies all complete batches in `from` to segments of the same names and sizes in `to`, a
/// directory that this makes. Checks each batch. The copy survives a crash. A server may append
/// meanwhile. Throws journal_error; then a part of the copy is left.
void copy_journal(const journal::storage& from, const fs::path& to, patient_reader::pause wait) {
    journal_copy copy{to, segment_size::whole};
    const auto segments = journal::list_segments(from);
    if (segments.empty())
        throw journal::journal_error{from.path(""), "the journal has no segment"};
    patient_reader source{from, segments.front(), std::move(wait)};
    while (const auto batch = source.next()) {
        copy.enter(source.segment());
        copy.append(*batch);
    }
    if (!source.has_segments())
        throw journal::journal_error{from.path(""), "all segments are gone"};
    copy.enter(source.segment());
    copy.finish();
}

[[noreturn]] void fail(const fs::path& where, const std::string& what) {
    throw data_error{where.string() + ": " + what};
}

std::uint64_t first_record(const journal::storage& where) {
    const auto segments = journal::list_segments(where);
    return segments.empty() ? 0 : segments.front();
}

/// Copies the snapshots first: the journal, read later, has all records that they cover. If the
/// journal was trimmed meanwhile, the snapshots may not reach back to its first record: then this
/// returns nothing. Else it returns the faults of the damaged snapshots.
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
    for (retries left;;) {
        if (auto copied = try_copy(from, to.path(), wait)) {
            made.left_out = std::move(*copied);
            break;
        }
        if (!left.again())
            fail(from.directory, "its journal is trimmed faster than it can be copied");
        to.empty();
    }
    made.audited = examine(to.files(), wait);
    return made;
}

}  // namespace

finished_copy finish(finished_copy made, partial_directory& to) {
    if (!made.audited.holds())
        fail(to.destination(), "is not made, since the copy does not hold: " +
                                   to_string(made.audited.faults.kept().front()));
    to.finish();
    made.audited.directory = to.destination().string();
    return made;
}

finished_copy back_up(const fs::path& directory, const fs::path& destination, leftover found,
                      const patient_reader::pause& wait) {
    const data_files from = data_files::in(directory);
    from.require_outside(destination);
    partial_directory to{destination, found};
    return finish(copy(from, to, wait), to);
}

}  // namespace coffer::audit
