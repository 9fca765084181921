// How the API writes an account.
#pragma once

#include <string>

#include <coffer/posting.hpp>

#include "ops/text.hpp"

namespace coffer::api {

/// Appends {"account_number":"10001","balance":1000.0}, as a list of accounts has it.
inline void append_account(std::string& out, const posting& last) {
    out += R"({"account_number":")";
    append_number(out, last.account);
    out += R"(","balance":)";
    append_money(out, last.balance);
    out += '}';
}

/// Appends "balance":1000.0,"held":40.0,"available":960.0
inline void append_balances(std::string& out, const posting& last) {
    out += R"("balance":)";
    append_money(out, last.balance);
    out += R"(,"held":)";
    append_money(out, last.held);
    out += R"(,"available":)";
    append_money(out, last.available());
}

/// Appends {"account_number":"10001","balance":1000.0,"held":40.0,"available":960.0,"sequence":7,
/// "status":"open"}.
inline void append_whole_account(std::string& out, const account_view& one) {
    out += R"({"account_number":")";
    append_number(out, one.account);
    out += R"(",)";
    append_balances(out, one);
    out += R"(,"sequence":)";
    append_number(out, one.sequence);
    out += one.status == account_status::open ? R"(,"status":"open"})" : R"(,"status":"closed"})";
}

}  // namespace coffer::api
