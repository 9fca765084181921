#include "load/request_writer.hpp"

#include <coffer/money.hpp>

#include "ops/text.hpp"

namespace coffer::load {
namespace {

using accounts_of_run = std::span<const account_number>;

constexpr std::size_t usual_body_bytes = 256;
/// What stands behind the account, or the hold, in a path.
constexpr std::array<std::string_view, operation_count> path_ends{
    "/balance", "/deposit", "/withdraw", "/transfer", "", "/holds", "/capture", "/release"};

void append_target(const request& one, accounts_of_run accounts, std::string& out) {
    if (one.what == operation::transaction) {
        out += "POST /transactions";
        return;
    }
    out += one.what == operation::balance ? "GET /accounts/" : "POST /accounts/";
    append_number(out, accounts[one.account]);
    if (one.what == operation::capture || one.what == operation::release) {
        out += "/holds/";
        out += one.hold.id;
    }
}

void append_amount(std::int64_t minor, std::string& out) {
    out += R"("amount":)";
    append_money(out, money::from_minor(minor));
}

void append_leg(account_number account, std::int64_t minor, std::string& out) {
    out += R"({"account_number":")";
    append_number(out, account);
    out += "\",";
    append_amount(minor, out);
    out += '}';
}

void append_body(const request& one, accounts_of_run accounts, std::string& out) {
    out += '{';
    if (one.what == operation::transaction) {
        out += R"("postings":[)";
        append_leg(accounts[one.account], -one.amount_minor, out);
        for (const payment& part : one.payments) {
            out += ',';
            append_leg(accounts[part.account], part.amount_minor, out);
        }
        out += ']';
    } else if (one.what != operation::release) {
        if (one.what == operation::transfer) {
            out += R"("to":")";
            append_number(out, accounts[one.payments.front().account]);
            out += "\",";
        }
        append_amount(one.amount_minor, out);
        if (one.what == operation::capture)
            out += R"(,"final":true)";
    }
    out += '}';
}

}  // namespace

request_writer::request_writer(std::string_view host) {
    for (std::size_t i = 0; i != operation_count; ++i)
        behind_target_[i] =
            std::string{path_ends[i]} + " HTTP/1.1\r\nHost: " + std::string{host} + "\r\n" +
            (i == place(operation::balance) ? "\r\n"
                                            : "Content-Type: application/json\r\nContent-Length: ");
}

void request_writer::write(const request& one, accounts_of_run accounts, std::string& out) const {
    append_target(one, accounts, out);
    out += behind_target_[place(one.what)];
    if (one.what == operation::balance)
        return;
    std::string body;
    body.reserve(usual_body_bytes);
    append_body(one, accounts, body);
    append_number(out, body.size());
    out += "\r\n\r\n";
    out += body;
}

}  // namespace coffer::load
