// A posting as people and spreadsheets read it: what was done, and a line of CSV or NDJSON.
//
// Thread safety  every function is pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <coffer/hold.hpp>
#include <coffer/posting.hpp>

#include "journal/record.hpp"

namespace coffer::journal {

enum class line_format : std::uint8_t { ndjson, csv };

/// Parses "ndjson" or "csv".
[[nodiscard]] std::optional<line_format> parse_line_format(std::string_view text);

struct posting_line {
    std::uint64_t record = 0;
    std::string_view time;  ///< RFC 3339
    posting state{};        ///< the account after the posting
    std::string_view operation{};
    account_number counterparty = 0;  ///< the other account of a transfer or a capture, else 0
    /// Of a transaction what the balance changed by; else zero or more, and the operation gives the
    /// direction.
    money amount{};
    std::string_view key{};  ///< the idempotency key; empty if the request had none
    hold_id hold{};          ///< of an operation on a hold; sequence 0: none
    std::string_view by{};   ///< the name of the token that it was made with; empty: none
};

/// Returns the first line with its newline: the names of the columns in CSV, empty in NDJSON.
[[nodiscard]] std::string_view first_line(line_format format);

/// Appends the line and its newline. In NDJSON, "counterparty", "key", "hold" and "by" are left out
/// if there is none, and "held" if nothing is held. CSV is that of RFC 4180, except that a line
/// ends in "\n"; an apostrophe is put before a key, or the part of a key behind a semicolon, that a
/// spreadsheet would run as a formula.
void append(std::string& out, line_format format, const posting_line& line);

/// What a record did: "deposit", "transfer", "close" and so on. Empty for a refusal.
[[nodiscard]] std::string_view operation_name(const record& one) noexcept;

/// Calls `visitor(line)` with a line for each posting that the record made, in its order. A
/// transfer has "transfer_out" and "transfer_in"; a capture to another account "capture" and
/// "transfer_in". The line refers to the record and to `time`.
template <class Visitor>
void visit_lines(const record& one, std::uint64_t number, std::string_view time,
                 Visitor&& visitor) {
    posting_line line{
        .record = number,
        .time = time,
        .operation = operation_name(one),
        .amount = one.amount < money{} ? money::from_minor(-one.amount.minor()) : one.amount,
        .key = one.key.text,
        .by = one.actor};
    if (one.kind == record_kind::refusal)
        return;
    if (one.kind == record_kind::transaction) {
        for (std::size_t i = 0; i != one.legs.size(); ++i) {
            line.state = one.legs[i].state;
            line.amount = one.legs[i].amount;
            visitor(line);
        }
        return;
    }
    line.state = one.state;
    line.counterparty = one.payee.account;
    line.hold = one.hold.id;
    if (one.kind == record_kind::transfer)
        line.operation = "transfer_out";
    visitor(line);
    if (one.payee.account == 0)
        return;
    line.state = one.payee;
    line.counterparty = one.state.account;
    line.operation = "transfer_in";
    visitor(line);
}

}  // namespace coffer::journal
