#include "audit/data_copy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include <coffer/account_number.hpp>

#include "audit/auditor.hpp"
#include "audit/data_files.hpp"
#include "audit/partial_directory.hpp"
#include "audit/retries.hpp"
#include "journal/journal_error.hpp"
#include "journal/posix_storage.hpp"
#include "journal/segment.hpp"
#include "ops/file_descriptor.hpp"
#include "ops/stopping.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer::audit {
namespace {

namespace fs = std::filesystem;

// How many files are open at once: far below any limit of a process.
constexpr std::size_t most_open = 16;

struct opened_snapshot {
    fs::path file;
    file_descriptor content;
};

/// The snapshots of a directory, the oldest first. The next ones are kept open, so that they can be
/// read after the server has removed them; it removes the oldest first.
class snapshot_series {
public:
    /// Lists the snapshots that exist now.
    explicit snapshot_series(const fs::path& directory)
        : files_{snapshot::list_snapshots(directory)} {  // the newest first
        open_some();
    }

    /// Whether a listed snapshot was removed before it was opened.
    [[nodiscard]] bool lacks_some() const noexcept { return lacks_some_; }

    /// Returns the next snapshot; nothing after the last. Skips those that were removed.
    [[nodiscard]] std::optional<opened_snapshot> next() {
        open_some();
        if (opened_.empty())
            return std::nullopt;
        std::optional<opened_snapshot> first{std::move(opened_.front())};
        opened_.pop_front();
        return first;
    }

private:
    void open_some() {
        for (; opened_.size() < most_open && !files_.empty(); files_.pop_back()) {
            opened_snapshot one{files_.back(), {files_.back(), O_RDONLY}};
            if (one.content.is_open())
                opened_.push_back(std::move(one));
            else if (errno == ENOENT)
                lacks_some_ = true;
            else
                snapshot::throw_snapshot_error(one.file, "cannot be opened");
        }
    }

    std::vector<fs::path> files_;
    std::deque<opened_snapshot> opened_;
    bool lacks_some_ = false;
};

snapshot_series list(const fs::path& directory) {
    for (retries left;;) {
        if (snapshot_series found{directory}; !found.lacks_some())
            return found;
        if (!left.again())
            throw data_error{directory.string() +
                             ": snapshots are removed faster than they can be opened"};
    }
}

void write_copy(opened_snapshot& from, const fs::path& to) {
    file_descriptor target{to, O_WRONLY | O_CREAT | O_EXCL, 0640};
    if (!target.is_open())
        snapshot::throw_snapshot_error(to, "cannot be created");
    std::string block(std::size_t{256} << 10, '\0');
    for (;;) {
        stopping::check();
        const ssize_t size = from.content.read(block.data(), block.size());
        if (size < 0)
            snapshot::throw_snapshot_error(from.file, "cannot be read");
        if (size == 0)
            break;
        if (!target.write({block.data(), static_cast<std::size_t>(size)}))
            snapshot::throw_snapshot_error(to, "cannot be written");
    }
    if (!target.sync())
        snapshot::throw_snapshot_error(to, "cannot be synced");
}

/// Returns the fault of the copy of a snapshot; empty if it has none.
std::string fault_in(const fs::path& copy, std::uint64_t number) {
    try {
        const std::uint64_t stated = snapshot::check_snapshot(copy).number;
        return stated == number ? "" : ": it states the number " + std::to_string(stated);
    } catch (const snapshot::snapshot_error& refused) {
        return std::string{refused.what()}.substr(copy.string().size());
    }
}

/// Copies the undamaged snapshots in `from` to `to`, a directory that this makes, and returns the
/// faults of the others. The copies survive a crash. A server may take and remove snapshots
/// meanwhile: one that is removed before its turn is skipped.
std::vector<std::string> copy_snapshots(const fs::path& from, const fs::path& to) {
    snapshot_series snapshots = list(from);
    snapshot::snapshot_directory target{to};
    std::vector<std::string> left_out;
    while (auto one = snapshots.next()) {
        const std::uint64_t number = parse_account_number(one->file.stem().string()).value_or(0);
        const fs::path copy = target.temporary(number);
        write_copy(*one, copy);
        const std::string fault = fault_in(copy, number);
        if (fault.empty()) {
            target.publish(number);
            continue;
        }
        ::unlink(copy.c_str());
        left_out.push_back(one->file.string() + fault);
    }
    return left_out;
}

/// A segment of the copy that is being written.
class segment_copy {
public:
    segment_copy(const journal::storage& to, const journal::segment_header& header)
        : first_record_{header.before.next_record},
          bytes_{header.bytes},
          path_{to.path(journal::segment_name(first_record_))} {
        auto made = to.open(journal::segment_name(first_record_), journal::storage::access::create);
        require(made.error);
        file_ = std::move(made.file);
        require(file_->allocate(bytes_));
        append(journal::encode(header));
    }

    [[nodiscard]] std::uint64_t first_record() const noexcept { return first_record_; }

    void append(std::span<const std::byte> bytes) {
        require(file_->write(offset_, bytes));
        offset_ += bytes.size();
    }

    /// Fills the segment with zeros: a server may continue it.
    void finish() {
        constexpr std::size_t piece_bytes = std::size_t{1} << 20;
        const std::vector<std::byte> zeros(
            static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, bytes_ - offset_)));
        while (offset_ != bytes_)
            append(std::span{zeros}.first(
                static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), bytes_ - offset_))));
        require(file_->sync());
    }

private:
    void require(std::error_code error) const {
        if (error)
            throw journal::journal_error{path_, "cannot be written: " + error.message()};
    }

    std::uint64_t first_record_;
    std::uint64_t bytes_;
    std::string path_;
    std::unique_ptr<journal::storage_file> file_;
    std::uint64_t offset_ = 0;
};

/// Copies all complete batches in `from` to segments of the same names and sizes in `to`, a
/// directory that this makes. Checks each batch. The copy survives a crash. A server may append
/// meanwhile. Throws journal_error; then a part of the copy is left.
void copy_journal(const journal::storage& from, const std::filesystem::path& to,
                  patient_reader::pause wait) {
    journal::posix_storage target{to};
    if (const std::error_code error = target.create_directory())
        throw journal::journal_error{to.string(), "cannot be made: " + error.message()};
    const auto segments = journal::list_segments(from);
    if (segments.empty())
        throw journal::journal_error{from.path(""), "the journal has no segment"};
    patient_reader source{from, segments.front(), std::move(wait)};
    std::unique_ptr<segment_copy> copy;
    const auto enter_segment = [&] {
        if (copy && copy->first_record() == source.segment().before.next_record)
            return;
        if (copy)
            copy->finish();
        copy = std::make_unique<segment_copy>(target, source.segment());
    };
    while (const auto batch = source.next()) {
        enter_segment();
        copy->append(batch->bytes);
    }
    if (!source.has_segments())
        throw journal::journal_error{from.path(""), "all segments are gone"};
    enter_segment();
    copy->finish();
    if (const std::error_code error = target.sync())
        throw journal::journal_error{to.string(), "cannot be synced: " + error.message()};
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
    const fs::path& part = to.path();  // not by data_files::in, which refuses an unfinished copy
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
    if (made.audited.holds() && !is_same_data(made.audited, before))
        fail(backup, "has changed while it was copied: is a server running on it?");
    return finish(std::move(made), to);
}

}  // namespace coffer::audit
