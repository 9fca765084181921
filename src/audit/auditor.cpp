#include "audit/auditor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "audit/history.hpp"
#include "audit/index_check.hpp"
#include "audit/key_history.hpp"
#include "audit/retries.hpp"
#include "audit/snapshot_comparison.hpp"
#include "journal/journal_error.hpp"
#include "journal/posix_storage.hpp"
#include "journal/segment.hpp"

namespace coffer::audit {
namespace {

using journal::journal_error;

/// Thrown if the server has removed the files to be read next: the audit begins again.
struct removed_meanwhile {};

// How many records ahead the memory of an account is prefetched: enough to hide a cache miss.
constexpr std::size_t ahead = 16;

struct located_record {
    journal::record value;
    std::uint64_t offset;  // in the segment
};

/// One attempt at an audit.
class auditor {
public:
    auditor(const data_files& files, const patient_reader::pause& wait)
        : storage_{files.journal}, wait_{wait}, snapshots_{files.snapshots, found_.faults} {
        found_.directory = files.directory.string();
    }

    /// Throws removed_meanwhile.
    report run() {
        segments_ = journal::list_segments(storage_);
        if (segments_.empty()) {
            add(storage_.path(""), std::nullopt, "the journal has no segment");
            return std::move(found_);
        }
        for (std::optional<std::uint64_t> from = first_segment(); from;)
            from = read_part(*from);
        if (history_)
            conclude();
        found_.snapshots = snapshots_.summaries();
        return std::move(found_);
    }

private:
    [[nodiscard]] std::optional<std::uint64_t> first_segment() const {
        return segments_.empty() ? std::nullopt : std::optional{segments_.front()};
    }

    /// Reads from that segment on, up to the end of the journal or to damage. Returns the segment
    /// to continue with behind the damage; nothing if there is none.
    std::optional<std::uint64_t> read_part(std::uint64_t from) {
        std::optional<patient_reader> reader;
        try {
            reader.emplace(storage_, from, wait_);
            if (!reader->has_segments())
                throw removed_meanwhile{};
            begin_part(*reader);
            while (const auto batch = reader->next())
                take(*batch, *reader);
            note_segment(*reader);
            indexes_.end(reader->segment());
            found_.journal.torn = reader->torn();
            ended_ = true;
            return std::nullopt;
        } catch (const journal_error& damage) {
            if (is_trimmed())
                throw removed_meanwhile{};
            found_.faults.add(fault_of(damage, damage.where()));
            has_gap_ = has_gap_ || !history_;  // the unread rest of the first segment
            return segment_after(reader ? reader->segment().before.next_record : from);
        }
    }

    void begin_part(const patient_reader& reader) {
        const journal::batch_position& begin = reader.position();
        if (!history_) {
            history_.emplace(storage_.path(""), found_.faults, begin.next_record == 1);
            found_.journal.ledger = to_hexadecimal(reader.segment().ledger);
            found_.journal.first_record = begin.next_record;
            if (begin.next_record == 1 &&
                begin.chain != journal::first_chain(reader.segment().ledger))
                add(storage_.path(journal::segment_name(1)), journal::format::segment::chain_at,
                    "the chain does not begin with the ledger's id");
            snapshots_.check_each(reader.segment().ledger);
        } else {
            history_->note_gap();
            has_gap_ = true;
        }
        note_segment(reader);
        found_.journal.last_record = begin.next_record - 1;
        snapshots_.begin_at(begin.next_record, *history_);
    }

    void take(const journal::batch_view& batch, const patient_reader& reader) {
        note_segment(reader);
        journal_summary& journal = found_.journal;
        if (journal.batches++ == 0)
            journal.first_time_ns = batch.header.stamp.time_ns;
        journal.last_time_ns = batch.header.stamp.time_ns;
        const journal_place place = reader.place();
        indexes_.take(batch, reader.segment(), place.offset);
        locate_records(batch, place.offset);
        for (std::size_t i = 0; i != std::min(ahead, records_.size()); ++i)
            history_->prefetch(records_[i].value);
        for (std::size_t i = 0; i != records_.size(); ++i) {
            if (i + ahead < records_.size())
                history_->prefetch(records_[i + ahead].value);
            const std::uint64_t number = batch.header.first_record + i;
            const record_place at{number, place.segment, records_[i].offset};
            history_->apply(records_[i].value, at);
            check_key(records_[i].value, at, batch.header.stamp);
            snapshots_.pass(records_[i].value, number, *history_);
        }
        journal.records += records_.size();
        journal.last_record = batch.after().next_record - 1;
    }

    void check_key(const journal::record& one, const record_place& at,
                   const journal::batch_stamp& of) {
        if (one.key.text.empty())
            return;
        const auto repeated = keys_.add(one.key.text, one.actor, at.number, of);
        if (!repeated)
            return;
        constexpr double second_ns = 1e9;
        found_.faults.add(
            {storage_.path(journal::segment_name(at.segment)), at.offset, one.state.account,
             fmt::format("record {}: key '{}' posted twice: record {} has it too, {:.3f} s of "
                         "running time before, and keys live {:.3f} s",
                         at.number, one.key.text, repeated->earlier_record,
                         static_cast<double>(repeated->after_ns) / second_ns,
                         static_cast<double>(of.key_life_ns) / second_ns)});
    }

    /// Decodes the records of the batch, which the reader has checked.
    void locate_records(const journal::batch_view& batch, std::uint64_t offset) {
        records_.clear();
        offset += batch.header.header_bytes();
        for (auto left = batch.records(); !left.empty();) {
            const journal::decoded_record next = journal::decode(left);
            records_.push_back({next.value, offset});
            offset += next.bytes;
            left = left.subspan(next.bytes);
        }
    }

    void note_segment(const patient_reader& reader) {
        const journal::segment_header& segment = reader.segment();
        if (std::exchange(noted_segment_, segment.before.next_record) == segment.before.next_record)
            return;
        ++found_.journal.segments;
        found_.journal.bytes += segment.bytes;
    }

    /// Returns the segment after this one; nothing if there is none.
    [[nodiscard]] std::optional<std::uint64_t> segment_after(std::uint64_t damaged) const {
        const auto segments = journal::list_segments(storage_);
        const auto next = std::ranges::upper_bound(segments, damaged);
        return next == segments.end() ? std::nullopt : std::optional{*next};
    }

    [[nodiscard]] bool is_trimmed() const {
        const auto segments = journal::list_segments(storage_);
        return !segments.empty() && segments.front() > segments_.front();
    }

    void conclude() {
        if (ended_)
            snapshots_.end_at(found_.journal.last_record);
        if (!history_->is_complete() && !has_gap_) {
            if (snapshots_.has_newer_files())
                throw removed_meanwhile{};
            add(storage_.path(journal::segment_name(segments_.front())), std::nullopt,
                "the journal begins with record " + std::to_string(found_.journal.first_record) +
                    ", and no snapshot that holds reaches back to it");
        }
        found_.sums = history_->sums();
        found_.accounts = history_->accounts().size();
        found_.total_minor = history_->total_minor();
        found_.held_minor = history_->held_minor();
        if (!has_gap_ && history_->is_complete())
            history_->check_held(storage_.path(""));
        // With a gap, the sum is unknown.
        if (!has_gap_ && found_.total_minor != history_->expected_total_minor())
            add(storage_.path(""), std::nullopt,
                "all balances together are " + to_money_text(found_.total_minor) +
                    ", but what was opened and deposited less what was withdrawn and captured is " +
                    to_money_text(history_->expected_total_minor()));
    }

    void add(std::string file, std::optional<std::uint64_t> offset, std::string what) {
        found_.faults.add({std::move(file), offset, 0, std::move(what)});
    }

    const journal::posix_storage storage_;
    const patient_reader::pause& wait_;
    report found_;
    snapshot_queue snapshots_;
    std::vector<std::uint64_t> segments_;  // as listed at the start
    std::optional<history> history_;
    index_check indexes_{storage_, found_.notes};
    key_history keys_;
    std::uint64_t noted_segment_ = 0;
    std::vector<located_record> records_;  // of one batch
    bool has_gap_ = false;
    bool ended_ = false;
};

}  // namespace

report examine(const data_files& files, patient_reader::pause wait) {
    const auto begin = std::chrono::steady_clock::now();
    for (retries left;;)
        try {
            report found = auditor{files, wait}.run();
            found.seconds =
                std::chrono::duration<double>{std::chrono::steady_clock::now() - begin}.count();
            return found;
        } catch (const removed_meanwhile&) {
            if (!left.again())
                throw data_error{files.directory.string() +
                                 ": its files are removed faster than they can be read"};
        }
}

}  // namespace coffer::audit
