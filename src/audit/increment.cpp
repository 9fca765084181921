#include "audit/increment.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "audit/data_files.hpp"
#include "audit/increment_reader.hpp"
#include "audit/journal_copy.hpp"
#include "audit/retries.hpp"
#include "journal/journal_error.hpp"
#include "journal/posix_storage.hpp"
#include "journal/segment.hpp"
#include "ops/partial_copy.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

// A segment of an increment is ended once it is so large.
constexpr std::uint64_t most_segment_bytes = std::uint64_t{64} << 20;

/// Where a copy ends.
struct copy_end {
    fs::path directory;
    ledger_id ledger{};
    journal::batch_position position;

    [[nodiscard]] std::string last_record() const {
        return std::to_string(position.next_record - 1);
    }
};

[[noreturn]] void fail(const fs::path& where, const std::string& what) {
    throw data_error{where.string() + ": " + what};
}

std::vector<std::uint64_t> segments_of(const journal::storage& where) {
    std::vector<std::uint64_t> segments = journal::list_segments(where);
    if (segments.empty())
        throw journal::journal_error{where.path(""), "the journal has no segment"};
    return segments;
}

/// Reads all of an increment, but only the last segment of a backup.
copy_end end_of(const fs::path& copy, const patient_reader::pause& wait) {
    const data_files files = data_files::in_copy(copy);
    if (is_increment(copy)) {
        increment_reader all{files, wait};
        while (all.next()) {
        }
        return {copy, all.ledger(), all.position()};
    }
    const journal::posix_storage storage{files.journal};
    patient_reader last{storage, segments_of(storage).back(), wait};
    while (last.next()) {
    }
    if (!last.has_segments())
        throw journal::journal_error{storage.path(""), "all segments are gone"};
    return {copy, last.segment().ledger, last.position()};
}

/// Reads up to the end of the copy, or throws data_error because the journal does not have it.
void read_to(const copy_end& after, patient_reader& source, const data_files& from) {
    if (source.segment().ledger != after.ledger)
        fail(after.directory, "is of another ledger than " + from.directory.string());
    while (source.position() != after.position) {
        if (source.position().next_record > after.position.next_record || !source.next())
            fail(after.directory, "has another history than " + from.directory.string() +
                                      ", whose journal does not have what it has up to record " +
                                      after.last_record() + ": make a whole backup");
    }
}

/// The segment that has the last record of the copy, or begins after it.
std::uint64_t segment_to_begin(const std::vector<std::uint64_t>& segments, const copy_end& after,
                               const data_files& from) {
    if (segments.front() > after.position.next_record)
        fail(after.directory, "ends with record " + after.last_record() + ", and the journal of " +
                                  from.directory.string() + " was trimmed and begins with record " +
                                  std::to_string(segments.front()) + ": make a whole backup");
    const auto later = std::ranges::lower_bound(segments, after.position.next_record);
    return later == segments.begin() ? *later : *(later - 1);
}

/// Returns false if the journal was trimmed meanwhile.
bool try_copy(const data_files& from, const copy_end& after, const fs::path& to,
              const patient_reader::pause& wait) {
    const journal::posix_storage storage{from.journal};
    const std::vector<std::uint64_t> segments = segments_of(storage);
    try {
        patient_reader source{storage, segment_to_begin(segments, after, from), wait};
        if (!source.has_segments())
            throw journal::journal_error{storage.path(""), "all segments are gone"};
        read_to(after, source, from);
        journal_copy copy{to, segment_size::tight};
        copy.enter({after.ledger, after.position, most_segment_bytes});
        while (const auto batch = source.next())
            copy.append(*batch);
        copy.finish();
        mark_as_increment(to, {after.ledger, after.position, copy.position()});
        return true;
    } catch (const journal::journal_error&) {
        if (segments_of(storage).front() == segments.front())
            throw;
        return false;
    }
}

/// Reads the increment and sums it up.
increment_report summary_of(const data_files& increment, const patient_reader::pause& wait) {
    increment_reader source{increment, wait};
    increment_report found;
    journal_summary& journal = found.journal;
    journal.ledger = to_hexadecimal(source.ledger());
    journal.first_record = source.position().next_record;
    std::optional<std::uint64_t> noted;
    const auto note_segment = [&] {
        if (noted == source.segment().before.next_record)
            return;
        noted = source.segment().before.next_record;
        ++journal.segments;
        journal.bytes += source.segment().bytes;
    };
    note_segment();
    while (const auto batch = source.next()) {
        note_segment();
        if (journal.batches++ == 0)
            journal.first_time_ns = batch->header.stamp.time_ns;
        journal.last_time_ns = batch->header.stamp.time_ns;
        journal.records += batch->header.records;
    }
    journal.last_record = source.position().next_record - 1;
    return found;
}

}  // namespace

increment_report back_up_since(const fs::path& backup, const fs::path& directory,
                               const fs::path& destination, leftover found,
                               const patient_reader::pause& wait) {
    const auto begin = std::chrono::steady_clock::now();
    const data_files from = data_files::in(directory);
    const copy_end after = end_of(backup, wait);
    from.require_outside(destination);
    data_files::in_copy(backup).require_outside(destination);
    partial_directory to{destination, found};
    for (retries left; !try_copy(from, after, to.files().journal, wait); to.empty())
        if (!left.again())
            fail(directory, "its journal is trimmed faster than it can be copied");
    increment_report made = summary_of(to.files(), wait);
    to.finish();
    made.directory = to.destination().string();
    made.seconds = std::chrono::duration<double>{std::chrono::steady_clock::now() - begin}.count();
    return made;
}

}  // namespace coffer::audit
