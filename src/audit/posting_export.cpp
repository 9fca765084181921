#include "audit/posting_export.hpp"

#include <string>
#include <utility>
#include <vector>

#include "audit/utc_time.hpp"
#include "journal/journal_error.hpp"
#include "journal/posix_storage.hpp"
#include "journal/segment_reader.hpp"

namespace coffer::audit {
namespace {

constexpr std::size_t flush_bytes = std::size_t{256} << 10;

[[noreturn]] void refuse_without_segments(const journal::storage& where) {
    throw journal::journal_error{where.path(""), "the journal has no segment"};
}

/// The first record of the last segment before which all is older than `since_ns`.
std::uint64_t first_wanted(const journal::storage& where, std::uint64_t since_ns) {
    const std::vector<std::uint64_t> segments = journal::list_segments(where);
    if (segments.empty())
        refuse_without_segments(where);
    return journal::segment_before(where, segments, since_ns);
}

class exporter {
public:
    exporter(line_format format, account_number account,
             const std::function<void(std::string_view)>& sink)
        : format_{format}, account_{account}, sink_{sink}, lines_{first_line(format)} {}

    void add(const journal::batch_view& batch) {
        const std::string time = to_utc_text(batch.header.time_ns);
        std::uint64_t number = batch.header.first_record;
        journal::visit_records(batch, [&](const journal::record& one) {
            add(one, number++, time);
            if (lines_.size() >= flush_bytes)
                flush();
        });
    }

    void flush() {
        sink_(lines_);
        lines_.clear();
    }

private:
    void add(const journal::record& one, std::uint64_t number, std::string_view time) {
        posting_line line{
            .record = number, .time = time, .amount = one.amount, .key = one.key.text};
        switch (one.kind) {
            case journal::record_kind::refusal:
                return;
            case journal::record_kind::posting:
                if (one.amount < money{})
                    line.amount = money::from_minor(-one.amount.minor());
                return add(line, one.state, 0, name(one.operation));
            case journal::record_kind::transfer:
                add(line, one.state, one.payee.account, "transfer_out");
                return add(line, one.payee, one.state.account, "transfer_in");
        }
    }

    void add(posting_line& line, const posting& state, account_number counterparty,
             std::string_view operation) {
        if (account_ != 0 && state.account != account_)
            return;
        line.state = state;
        line.counterparty = counterparty;
        line.operation = operation;
        append(lines_, format_, line);
    }

    static std::string_view name(journal::posting_operation operation) {
        switch (operation) {
            case journal::posting_operation::opening:
                return "opening";
            case journal::posting_operation::deposit:
                return "deposit";
            case journal::posting_operation::withdrawal:
                return "withdrawal";
        }
        return {};
    }

    const line_format format_;
    const account_number account_;
    const std::function<void(std::string_view)>& sink_;
    std::string lines_;
};

}  // namespace

void export_postings(const data_files& files, line_format format, const export_selection& wanted,
                     const std::function<void(std::string_view)>& sink,
                     patient_reader::pause wait) {
    const journal::posix_storage storage{files.journal};
    const std::uint64_t first = first_wanted(storage, wanted.since_ns);
    exporter out{format, wanted.account, sink};
    try {
        patient_reader from{storage, first, std::move(wait)};
        if (!from.has_segments())
            refuse_without_segments(storage);
        while (const auto batch = from.next()) {
            if (batch->header.time_ns >= wanted.until_ns)
                break;
            if (batch->header.time_ns >= wanted.since_ns)
                out.add(*batch);
        }
    } catch (const journal::journal_error&) {
        out.flush();
        throw;
    }
    out.flush();
}

}  // namespace coffer::audit
