#include "audit/posting_export.hpp"

#include <optional>
#include <string>
#include <vector>

#include "audit/retries.hpp"
#include "journal/journal_error.hpp"
#include "journal/posix_storage.hpp"
#include "journal/segment_reader.hpp"
#include "ops/utc_time.hpp"

namespace coffer::audit {
namespace {

using journal::line_format;

constexpr std::size_t flush_bytes = std::size_t{256} << 10;

[[noreturn]] void refuse_without_segments(const journal::storage& where) {
    throw journal::journal_error{where.path(""), "the journal has no segment"};
}

class exporter {
public:
    exporter(line_format format, account_number account,
             const std::function<void(std::string_view)>& sink)
        : format_{format}, account_{account}, sink_{sink}, lines_{journal::first_line(format)} {}

    void add(const journal::batch_view& batch) {
        const std::string time = to_utc_text(batch.header.stamp.time_ns);
        std::uint64_t number = batch.header.first_record;
        journal::visit_records(batch, [&](const journal::record& one) {
            add(one, number++, time);
            if (lines_.size() >= flush_bytes)
                flush();
        });
    }

    [[nodiscard]] bool has_passed_on() const noexcept { return passed_on_; }

    void flush() {
        passed_on_ = true;
        sink_(lines_);
        lines_.clear();
    }

private:
    void add(const journal::record& one, std::uint64_t number, std::string_view time) {
        journal::visit_lines(one, number, time, [&](journal::posting_line& line) {
            if (account_ != 0 && line.state.account != account_)
                return;
            if (one.kind == journal::record_kind::status)  // older than the API's names
                line.operation = one.status == account_status::closed ? "closing" : "reopening";
            journal::append(lines_, format_, line);
        });
    }

    const line_format format_;
    const account_number account_;
    const std::function<void(std::string_view)>& sink_;
    std::string lines_;
    bool passed_on_ = false;
};

/// Whether the server has trimmed the segment that begins with this record.
bool is_trimmed(const journal::storage& where, std::uint64_t segment) {
    const std::vector<std::uint64_t> segments = journal::list_segments(where);
    return !segments.empty() && segments.front() > segment;
}

/// One attempt. Returns false if the server trimmed the journal before any line was passed on.
bool try_export(const data_files& files, line_format format, const export_selection& wanted,
                const std::function<void(std::string_view)>& sink,
                const patient_reader::pause& wait) {
    const journal::posix_storage storage{files.journal};
    const std::vector<std::uint64_t> segments = journal::list_segments(storage);
    if (segments.empty())
        refuse_without_segments(storage);
    exporter out{format, wanted.account, sink};
    std::optional<patient_reader> from;
    try {
        from.emplace(storage,
                     journal::segment_before(storage, segments, &journal::batch_position::time_ns,
                                             wanted.since_ns),
                     wait);
        if (!from->has_segments())
            refuse_without_segments(storage);
        while (const auto batch = from->next()) {
            if (batch->header.stamp.time_ns >= wanted.until_ns)
                break;
            if (batch->header.stamp.time_ns >= wanted.since_ns)
                out.add(*batch);
        }
    } catch (const journal::journal_error&) {
        const bool inside = from && from->has_segments();
        const bool trimmed =
            is_trimmed(storage, inside ? from->segment().before.next_record : segments.front());
        if (trimmed && !out.has_passed_on())
            return false;
        out.flush();
        if (trimmed)
            throw data_error{
                files.directory.string() +
                ": its journal was trimmed by the server while it was exported: what comes after "
                "record " +
                std::to_string(from->position().next_record - 1) + " is missing"};
        throw;
    }
    out.flush();
    return true;
}

}  // namespace

void export_postings(const data_files& files, line_format format, const export_selection& wanted,
                     const std::function<void(std::string_view)>& sink,
                     const patient_reader::pause& wait) {
    for (retries left; !try_export(files, format, wanted, sink, wait);)
        if (!left.again())
            throw data_error{files.directory.string() +
                             ": its journal is trimmed faster than it can be exported"};
}

}  // namespace coffer::audit
