#include "audit/posting_line.hpp"

#include <charconv>
#include <limits>

namespace coffer::audit {
namespace {

void append_number(std::string& out, std::uint64_t value) {
    char text[std::numeric_limits<std::uint64_t>::digits10 + 1];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void append_money(std::string& out, money value) {
    char text[money_max_chars];
    out.append(text, to_chars(text, text + sizeof text, value).ptr);
}

/// Of the printable ASCII characters that a key has, a JSON string escapes these two.
void append_json_text(std::string& out, std::string_view text) {
    for (const char one : text) {
        if (one == '"' || one == '\\')
            out += '\\';
        out += one;
    }
}

/// Whether a spreadsheet may take a cell for a formula, and run what a client wrote (OWASP, CSV
/// injection). Some pass over spaces before it.
bool is_formula(std::string_view cell) {
    const std::size_t first = cell.find_first_not_of(' ');
    return first != cell.npos &&
           std::string_view{"=+-@\t\r\n"}.find(cell[first]) != std::string_view::npos;
}

/// The text of a client. Where a comma is for decimals, spreadsheets separate cells by semicolons,
/// within quotation marks too if those do not begin the cell, as here: so each is a cell's end.
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
    out += '\n';
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
        return "record,time,account_number,sequence,operation,counterparty,amount,balance,key\n";
    return {};
}

void append(std::string& out, line_format format, const posting_line& line) {
    if (format == line_format::csv)
        append_csv(out, line);
    else
        append_ndjson(out, line);
}

}  // namespace coffer::audit
