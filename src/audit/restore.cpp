#include "audit/restore.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "audit/auditor.hpp"
#include "audit/data_files.hpp"
#include "audit/increment_reader.hpp"
#include "audit/journal_copy.hpp"
#include "audit/snapshot_copy.hpp"
#include "journal/journal_error.hpp"
#include "ops/utc_time.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& where, const std::string& what) {
    throw data_error{where.string() + ": " + what};
}

std::string to_text(const moment& when) {
    return when.record != moment::none ? "record " + std::to_string(when.record)
                                       : to_utc_text(when.time_ns);
}

/// The position's last record.
std::uint64_t last_record(const journal::batch_position& position) noexcept {
    return position.next_record - 1;
}

/// Writes the journal of a restored directory. Reads all of its sources, but writes only what they
/// have up to the moment.
class journal_restoration {
public:
    journal_restoration(const fs::path& directory, const moment& until)
        : copy_{directory, segment_size::whole}, until_{until} {}

    /// Takes the journal of the backup, which `audited` has found to be without faults.
    void take(const data_files& backup, const report& audited, const patient_reader::pause& wait) {
        const journal::posix_storage storage{backup.journal};
        patient_reader source{storage, audited.journal.first_record, wait};
        std::uint64_t batches = 0;
        const auto enter_segment = [&] {
            if (!source.has_segments())
                throw journal::journal_error{storage.path(""), "all segments are gone"};
            if (!is_cut_)
                copy_.enter(source.segment());
        };
        enter_segment();
        while (const auto batch = source.next()) {
            enter_segment();
            append(*batch);
            ++batches;
        }
        enter_segment();
        end_ = source.position();
        ledger_ = source.segment().ledger;
        if (batches != audited.journal.batches || last_record(end_) != audited.journal.last_record)
            fail(backup.directory, "has changed while it was copied: is a server running on it?");
    }

    /// Takes what an increment has after all that was taken before.
    void take(increment_reader& source) {
        if (source.ledger() != ledger_)
            fail(source.directory(), "is of another ledger than the backup");
        const std::uint64_t begin = source.position().next_record;
        if (begin > end_.next_record)
            fail(source.directory(), "begins with record " + std::to_string(begin) +
                                         ", but what is before it ends with record " +
                                         std::to_string(last_record(end_)) +
                                         ": an increment is missing, or the order is wrong");
        bool follows = source.position() == end_;
        while (const auto batch = source.next()) {
            if (follows)
                append(*batch);
            else
                follows = source.position() == end_;
            if (!follows && source.position().next_record > end_.next_record)
                break;
        }
        if (!follows)
            refuse(source);
        end_ = source.position();
    }

    /// The end of all that was taken, and of what was written of it.
    [[nodiscard]] const journal::batch_position& end() const noexcept { return end_; }
    [[nodiscard]] const journal::batch_position& written() const noexcept {
        return copy_.position();
    }

    void finish() { copy_.finish(); }

private:
    [[noreturn]] void refuse(const increment_reader& source) const {
        if (last_record(source.position()) < last_record(end_))
            fail(source.directory(), "ends with record " +
                                         std::to_string(last_record(source.position())) +
                                         ", but what is before it goes on to record " +
                                         std::to_string(last_record(end_)) +
                                         ": the order is wrong, or it has another history");
        fail(source.directory(),
             "has another history: it does not have what is before it, up to "
             "record " +
                 std::to_string(last_record(end_)));
    }

    void append(const journal::batch_view& one) {
        if (is_cut_)
            return;
        if (one.header.stamp.time_ns <= until_.time_ns && last_record(one.after()) <= until_.record)
            return copy_.append(one);
        is_cut_ = true;
        if (one.header.stamp.time_ns <= until_.time_ns && one.header.first_record <= until_.record)
            append_first(one, until_.record - one.header.first_record + 1);
    }

    /// Appends a batch of the first `count` records of that one, with its times.
    void append_first(const journal::batch_view& one, std::uint64_t count) {
        std::span<const std::byte> left = one.records();
        for (; count != 0; --count) {
            const std::size_t bytes = journal::decode(left).bytes;
            builder_.add(left.first(bytes));
            left = left.subspan(bytes);
        }
        copy_.append(builder_.seal(copy_.position(), one.header.stamp));
    }

    journal_copy copy_;
    const moment until_;
    bool is_cut_ = false;
    ledger_id ledger_{};
    journal::batch_position end_;
    journal::batch_builder builder_;
};

/// The earliest record that the backup can be restored to: where its journal does not have the
/// first records, a snapshot has to have their outcome.
std::uint64_t earliest_record(const report& backup) {
    if (backup.journal.first_record == 1)
        return 1;
    std::uint64_t earliest = backup.journal.last_record;
    for (const snapshot_summary& one : backup.snapshots)
        if (one.compared && one.after_record + 1 >= backup.journal.first_record)
            earliest = std::min(earliest, one.until_record);
    return earliest;
}

void require_moment(const restore_source& from, const report& backup,
                    const journal_restoration& made) {
    if (from.until == moment{})
        return;
    const std::uint64_t end = last_record(made.end());
    if (from.until.record != moment::none && from.until.record > end)
        fail(from.backup, "cannot be restored as of " + to_text(from.until) +
                              (from.increments.empty() ? ": it ends"
                                                       : ": with its increments, it "
                                                         "ends") +
                              " with record " + std::to_string(end));
    const std::uint64_t earliest = earliest_record(backup);
    if (last_record(made.written()) < earliest)
        fail(from.backup, "cannot be restored as of " + to_text(from.until) +
                              ": the earliest record that it can be restored to is " +
                              std::to_string(earliest));
}

}  // namespace

finished_copy restore(const restore_source& from, const fs::path& destination, leftover found,
                      const patient_reader::pause& wait) {
    const data_files backup = data_files::in(from.backup);
    backup.require_outside(destination);
    for (const fs::path& one : from.increments)
        data_files::in_copy(one).require_outside(destination);
    partial_directory to{destination, found};
    const report before = examine(backup, wait);
    if (!before.holds())
        fail(from.backup,
             "does not hold, and is not restored: " + to_string(before.faults.kept().front()));
    const data_files files = to.files();
    const snapshot::snapshot_directory snapshots{files.snapshots};
    journal_restoration journal{files.journal, from.until};
    journal.take(backup, before, wait);
    for (const fs::path& one : from.increments) {
        increment_reader source{data_files::in_copy(one), wait};
        journal.take(source);
    }
    require_moment(from, before, journal);
    journal.finish();
    finished_copy made{.audited = {},
                       .left_out = copy_snapshots(backup.snapshots, files.snapshots,
                                                  last_record(journal.written()))};
    made.audited = examine(files, wait);
    const bool is_whole = from.increments.empty() && from.until == moment{};
    if (is_whole && made.audited.holds() && !is_same_data(made.audited, before))
        fail(from.backup, "has changed while it was copied: is a server running on it?");
    return finish(std::move(made), to);
}

}  // namespace coffer::audit
