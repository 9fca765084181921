// How the API writes a posting in a statement.
#pragma once

#include <string>

#include "journal/posting_line.hpp"
#include "ops/hold_id_text.hpp"
#include "ops/text.hpp"

namespace coffer::api {

/// Appends {"sequence":5,"record":123,"time":"2026-...Z","operation":"transfer_in","amount":5.0,
/// "balance":2005.0,"counterparty":"10002","hold":"2-0","key":"7a3f","by":"till-3"}, the last four
/// where there is one.
inline void append_entry(std::string& out, const journal::posting_line& line) {
    out += R"({"sequence":)";
    append_number(out, line.state.sequence);
    out += R"(,"record":)";
    append_number(out, line.record);
    out.append(R"(,"time":")").append(line.time);
    out.append(R"(","operation":")").append(line.operation).append(R"(","amount":)");
    append_money(out, line.amount);
    out += R"(,"balance":)";
    append_money(out, line.state.balance);
    if (line.counterparty != 0) {
        out += R"(,"counterparty":")";
        append_number(out, line.counterparty);
        out += '"';
    }
    if (line.hold.sequence != 0) {
        out += R"(,"hold":")";
        append_hold_id(out, line.hold);
        out += '"';
    }
    if (!line.key.empty()) {
        out += R"(,"key":")";
        append_json_text(out, line.key);
        out += '"';
    }
    if (!line.by.empty())
        out.append(R"(,"by":")").append(line.by).append(1, '"');
    out += '}';
}

}  // namespace coffer::api
