#include "engine/recovery.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "engine/progress.hpp"
#include "engine/restored_snapshot.hpp"
#include "journal/journal_error.hpp"
#include "journal/posix_storage.hpp"
#include "journal/reader.hpp"
#include "journal/segment_reader.hpp"
#include "ops/log.hpp"
#include "ops/stopping.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer {
namespace {

using journal::journal_error;
using journal::segment_reader;

/// The segments there, by their first records. Throws journal_error if there are none.
std::vector<std::uint64_t> segments_in(const journal::storage& where) {
    std::vector<std::uint64_t> found = journal::list_segments(where);
    if (found.empty())
        throw journal_error{where.path(""), "there is no segment of a journal here"};
    return found;
}

/// From which record on keys may live whose life lasts `key_ttl`, at the journal's end. The end is
/// at least as late as the beginning of the last segment, and that is taken for it: so it may be an
/// earlier record than need be. The life of a segment's last keys may begin as late as the first
/// batch of the next one was written, so it is the segment before as well.
std::uint64_t first_with_young_keys(const journal::storage& where,
                                    const std::vector<std::uint64_t>& segments,
                                    std::uint64_t last_begins_ns,
                                    std::chrono::nanoseconds key_ttl) {
    const auto ttl = static_cast<std::uint64_t>(std::max<std::int64_t>(key_ttl.count(), 0));
    const std::uint64_t found =
        journal::segment_before(where, segments, &journal::batch_position::running_ns,
                                last_begins_ns - std::min(ttl, last_begins_ns));
    const auto at = std::ranges::lower_bound(segments, found);
    return at == segments.begin() ? *at : *(at - 1);
}

/// How many bytes of segments there are before each, by first record.
class segment_offsets {
public:
    segment_offsets(const journal::storage& where, const std::vector<std::uint64_t>& segments,
                    std::uint64_t from_record) {
        const auto after = std::ranges::upper_bound(segments, from_record);
        for (auto one = after == segments.begin() ? after : after - 1; one != segments.end();
             ++one) {
            before_[*one] = bytes_;
            bytes_ += segment_reader{where, *one}.header().bytes;
        }
    }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t position(const journal::reader& at) const {
        const auto found = before_.find(at.segment().before.next_record);
        return (found == before_.end() ? bytes_ : found->second) + at.offset();
    }

private:
    std::map<std::uint64_t, std::uint64_t> before_;
    std::uint64_t bytes_ = 0;
};

void replay(journal::reader& from, journal::replayer& into, const segment_offsets& offsets) {
    progress so_far{"records of the journal", offsets.bytes()};
    while (const auto one = from.next()) {
        stopping::check();
        into.apply(*one, from.where());
        so_far.report(into.counts().records, offsets.position(from));
    }
    if (const auto& torn = from.torn())
        log::warn(
            "{}, offset {}: what a crash left half written here, {} bytes, was never "
            "acknowledged and is cut off",
            torn->file, torn->offset, torn->bytes);
}

void require_end(const restored_snapshot& base, const journal::storage& where,
                 std::uint64_t last_record) {
    if (last_record < base.until_record)
        throw journal_error{where.path(""), "ends with record " + std::to_string(last_record) +
                                                ", but " + base.file.string() +
                                                " has postings up to record " +
                                                std::to_string(base.until_record) +
                                                ": the end of the journal is lost"};
}

std::string origin(const restored_snapshot& base, const journal::replay_counts& counts) {
    const std::string records = std::to_string(counts.records) + " records of the journal";
    return base.file.empty() ? "from " + records : "from " + base.file.string() + " and " + records;
}

}  // namespace

recovered recover(const data_directory& where, std::chrono::nanoseconds key_ttl,
                  journal::replayer::visitor keys) {
    const auto begin = std::chrono::steady_clock::now();
    const journal::posix_storage storage{where.journal()};
    const std::vector<std::uint64_t> segments = segments_in(storage);
    const journal::segment_header last = segment_reader{storage, segments.back()}.header();
    const ledger_id& id = last.ledger;
    const auto snapshots = snapshot::list_snapshots(where.snapshots());
    restored_snapshot base = restore_newest(snapshots, id);

    std::uint64_t from_record = base.after_record + 1;
    if (keys && key_ttl.count() > 0)
        from_record = std::min(
            from_record,
            std::max(base.keys_from,
                     first_with_young_keys(storage, segments, last.before.running_ns, key_ttl)));
    journal::reader reader{storage, from_record};
    journal::replayer replayer{*base.ledger, std::move(keys)};
    replay(reader, replayer, {storage, segments, from_record});
    const std::uint64_t last_record = reader.position().next_record - 1;
    require_end(base, storage, last_record);

    const auto& counts = replayer.counts();
    recovered found{std::move(base.ledger), id,          origin(base, counts), counts.records,
                    counts.skipped,         last_record, from_record,          reader.stamp()};
    if (!snapshots.empty() && base.file == snapshots.front())
        found.covered_record = base.after_record;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    log::info("recovered {} accounts {}, {} ms", found.ledger->size(), found.from, took.count());
    return found;
}

}  // namespace coffer
