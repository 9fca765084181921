// How a list of accounts shows one of them.
#pragma once

#include <string>

#include <coffer/posting.hpp>

#include "ops/text.hpp"

namespace coffer::api {

/// Appends {"account_number":"10001","balance":1000.0}.
inline void append_account(std::string& out, const posting& last) {
    out += R"({"account_number":")";
    append_number(out, last.account);
    out += R"(","balance":)";
    append_money(out, last.balance);
    out += '}';
}

}  // namespace coffer::api
