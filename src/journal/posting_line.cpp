#include "journal/posting_line.hpp"

#include "ops/hold_id_text.hpp"
#include "ops/text.hpp"

namespace coffer::journal {
namespace {

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
    if (!line.by.empty())
        out.append(R"(,"by":")").append(line.by).append(1, '"');
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
    out.append(1, ',').append(line.by).append(1, '\n');  // no such name is a formula
}

std::string_view name_of(posting_operation operation) noexcept {
    switch (operation) {
        case posting_operation::opening:
            return "opening";
        case posting_operation::deposit:
            return "deposit";
        case posting_operation::withdrawal:
            return "withdrawal";
    }
    return {};
}

std::string_view name_of(hold_operation operation) noexcept {
    switch (operation) {
        case hold_operation::placing:
            return "hold";
        case hold_operation::capture:
            return "capture";
        case hold_operation::release:
            return "release";
        case hold_operation::expiry:
            return "expiry";
    }
    return {};
}

}  // namespace

std::string_view operation_name(const record& one) noexcept {
    switch (one.kind) {
        case record_kind::refusal:
            break;
        case record_kind::posting:
            return name_of(one.operation);
        case record_kind::transfer:
            return "transfer";
        case record_kind::transaction:
            return "transaction";
        case record_kind::hold:
            return name_of(one.holding);
        case record_kind::status:
            return one.status == account_status::closed ? "close" : "reopen";
    }
    return {};
}

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
               "held,by\n";
    return {};
}

void append(std::string& out, line_format format, const posting_line& line) {
    if (format == line_format::csv)
        append_csv(out, line);
    else
        append_ndjson(out, line);
}

}  // namespace coffer::journal
