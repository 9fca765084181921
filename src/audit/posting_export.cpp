#include "audit/posting_export.hpp"

#include <optional>
#include <string>
#include <vector>

#include "audit/retries.hpp"
#include "journal/journal_error.hpp"
#include "journal/posix_storage.hpp"
#include "journal/segment_reader.hpp"
#include "ops/hold_id_text.hpp"
#include "ops/text.hpp"
#include "ops/utc_time.hpp"

namespace coffer::audit {
namespace {

/// Appends a key, which is printable ASCII: only two of those characters are escaped in JSON.
void append_json_text(std::string& out, std::string_view text) {
    for (const char one : text) {
        if (one == '"' || one == '\\')
            out += '\\';
        out += one;
    }
}

/// Whether a spreadsheet may run a cell as a formula, which a client wrote (OWASP, CSV injection).
/// Some spreadsheets skip spaces before it.
bool is_formula(std::string_view cell) {
    const std::size_t first = cell.find_first_not_of(' ');
    return first != cell.npos &&
           std::string_view{"=+-@\t\r\n"}.find(cell[first]) != std::string_view::npos;
}

/// Appends the text of a client. In locales with a decimal comma, spreadsheets separate cells by
/// semicolons, even within quotation marks if those do not begin the cell, as here. So each
/// semicolon counts as the end of a cell.
void append_csv_text(std::string& out, std::string_view text) {
    const bool is_quoted = text.find_first_of("\",\r\n") != std::string_view::npos;
    if (is_quoted)
        out += '"';
    if (is_formula(text))
        out += '\'';
    for (std::size_t i = 0; i != text.size(); ++i) {
        if (text[i] == '"')
            out += '"';
        out += text[i];
        if (text[i] == ';' && is_formula(text.substr(i + 1)))
            out += '\'';
    }
    if (is_quoted)
        out += '"';
}

void append_ndjson(std::string& out, const posting_line& line) {
    out += R"({"record":)";
    append_number(out, line.record);
    out.append(R"(,"time":")").append(line.time).append(R"(","account_number":")");
    append_number(out, line.state.account);
    out += R"(","sequence":)";
    append_number(out, line.state.sequence);
    out.append(R"(,"operation":")").append(line.operation).append(R"(",)");
    if (line.counterparty != 0) {
        out += R"("counterparty":")";
        append_number(out, line.counterparty);
        out += R"(",)";
    }
    out += R"("amount":)";
    append_money(out, line.amount);
    out += R"(,"balance":)";
    append_money(out, line.state.balance);
    if (!line.key.empty()) {
        out += R"(,"key":")";
        append_json_text(out, line.key);
        out += '"';
    }
    if (line.hold.sequence != 0) {
        out += R"(,"hold":")";
        append_hold_id(out, line.hold);
        out += '"';
    }
    if (line.state.held != money{}) {
        out += R"(,"held":)";
        append_money(out, line.state.held);
    }
    out += "}\n";
}

void append_csv(std::string& out, const posting_line& line) {
    append_number(out, line.record);
    out.append(1, ',').append(line.time).append(1, ',');
    append_number(out, line.state.account);
    out += ',';
    append_number(out, line.state.sequence);
    out.append(1, ',').append(line.operation).append(1, ',');
    if (line.counterparty != 0)
        append_number(out, line.counterparty);
    out += ',';
    append_money(out, line.amount);
    out += ',';
    append_money(out, line.state.balance);
    out += ',';
    append_csv_text(out, line.key);
    out += ',';
    if (line.hold.sequence != 0)
        append_hold_id(out, line.hold);
    out += ',';
    if (line.state.held != money{})
        append_money(out, line.state.held);
    out += '\n';
}

constexpr std::size_t flush_bytes = std::size_t{256} << 10;

[[noreturn]] void refuse_without_segments(const journal::storage& where) {
    throw journal::journal_error{where.path(""), "the journal has no segment"};
}

class exporter {
public:
    exporter(line_format format, account_number account,
             const std::function<void(std::string_view)>& sink)
        : format_{format}, account_{account}, sink_{sink}, lines_{first_line(format)} {}

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
            case journal::record_kind::transaction:
                for (std::size_t i = 0; i != one.legs.size(); ++i) {
                    line.amount = one.legs[i].amount;
                    add(line, one.legs[i].state, 0, "transaction");
                }
                return;
            case journal::record_kind::hold:
                line.hold = one.hold.id;
                add(line, one.state, one.payee.account, name(one.holding));
                if (one.payee.account != 0)
                    add(line, one.payee, one.state.account, "transfer_in");
                return;
            case journal::record_kind::status:
                return add(line, one.state, 0,
                           one.status == account_status::closed ? "closing" : "reopening");
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

    static std::string_view name(journal::hold_operation operation) {
        switch (operation) {
            case journal::hold_operation::placing:
                return "hold";
            case journal::hold_operation::capture:
                return "capture";
            case journal::hold_operation::release:
                return "release";
            case journal::hold_operation::expiry:
                return "expiry";
        }
        return {};
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

std::optional<line_format> parse_line_format(std::string_view text) {
    if (text == "ndjson")
        return line_format::ndjson;
    if (text == "csv")
        return line_format::csv;
    return std::nullopt;
}

std::string_view first_line(line_format format) {
    if (format == line_format::csv)
        return "record,time,account_number,sequence,operation,counterparty,amount,balance,key,hold,"
               "held\n";
    return {};
}

void append(std::string& out, line_format format, const posting_line& line) {
    if (format == line_format::csv)
        append_csv(out, line);
    else
        append_ndjson(out, line);
}

void export_postings(const data_files& files, line_format format, const export_selection& wanted,
                     const std::function<void(std::string_view)>& sink,
                     const patient_reader::pause& wait) {
    for (retries left; !try_export(files, format, wanted, sink, wait);)
        if (!left.again())
            throw data_error{files.directory.string() +
                             ": its journal is trimmed faster than it can be exported"};
}

}  // namespace coffer::audit
