#include "api/event_text.hpp"

#include "journal/posting_line.hpp"
#include "ops/hold_id_text.hpp"
#include "ops/text.hpp"

namespace coffer::api {
namespace {

using journal::record;
using journal::record_kind;

void append_posting(std::string& out, const posting& made, money amount) {
    if (out.back() != '[')
        out += ',';
    out += R"({"account_number":")";
    append_number(out, made.account);
    out += R"(","sequence":)";
    append_number(out, made.sequence);
    out += R"(,"amount":)";
    append_money(out, amount);
    out += R"(,"balance":)";
    append_money(out, made.balance);
    out += '}';
}

/// What the record changed the balance of its first account by.
money booked(const record& one) noexcept {
    switch (one.kind) {
        case record_kind::posting:
            return one.amount;
        case record_kind::transfer:
            return money::from_minor(-one.amount.minor());
        case record_kind::hold:
            return one.holding == journal::hold_operation::capture
                       ? money::from_minor(-one.amount.minor())
                       : money{};
        case record_kind::refusal:
        case record_kind::transaction:
        case record_kind::status:
            break;
    }
    return {};
}

void append_postings(std::string& out, const record& one) {
    if (one.kind == record_kind::transaction) {
        for (std::size_t i = 0; i != one.legs.size(); ++i)
            append_posting(out, one.legs[i].state, one.legs[i].amount);
        return;
    }
    append_posting(out, one.state, booked(one));
    if (one.payee.account != 0)
        append_posting(out, one.payee, one.amount);
}

}  // namespace

void append_event(std::string& out, const record& one, std::uint64_t number,
                  std::string_view time) {
    out += R"({"record":)";
    append_number(out, number);
    out += R"(,"time":")";
    out += time;
    out += R"(","operation":")";
    out += journal::operation_name(one);
    out += R"(","postings":[)";
    append_postings(out, one);
    out += ']';
    if (one.kind == record_kind::hold) {
        out += R"(,"hold":{"hold":")";
        append_hold_id(out, one.hold.id);
        out += R"(","amount":)";
        append_money(out, one.amount);
        out += '}';
    }
    if (!one.key.text.empty()) {
        out += R"(,"key":")";
        append_json_text(out, one.key.text);
        out += '"';
    }
    if (!one.actor.empty())
        out.append(R"(,"by":")").append(one.actor).append(1, '"');
    out += '}';
}

void add_record(event_block& to, const record& one, std::uint64_t number, std::string_view time) {
    to.through = number;
    if (one.kind == record_kind::refusal)
        return;
    append_event(to.lines, one, number, time);
    to.lines += '\n';
    journal::visit_postings(one,
                            [&to](const posting& made) { to.accounts.push_back(made.account); });
    to.events.push_back({.record = number,
                         .operation = journal::operation_name(one),
                         .end = static_cast<std::uint32_t>(to.lines.size()),
                         .accounts_end = static_cast<std::uint32_t>(to.accounts.size())});
}

}  // namespace coffer::api
