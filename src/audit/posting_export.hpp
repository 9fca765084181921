// Exports the history: every posting in the journal, in order, as a line of NDJSON or CSV.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <coffer/hold.hpp>
#include <coffer/posting.hpp>

#include "audit/data_files.hpp"
#include "audit/patient_reader.hpp"

namespace coffer::audit {

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
};

/// Returns the first line with its newline: the names of the columns in CSV, empty in NDJSON.
[[nodiscard]] std::string_view first_line(line_format format);

/// Appends the line and its newline. In NDJSON, "counterparty", "key" and "hold" are left out if
/// there is none, and "held" if nothing is held. CSV is that of RFC 4180, except that a line ends
/// in "\n"; an apostrophe is put before a key, or the part of a key behind a semicolon, that a
/// spreadsheet would run as a formula.
void append(std::string& out, line_format format, const posting_line& line);

/// Which postings are exported.
struct export_selection {
    account_number account = 0;                                          ///< 0: all accounts
    std::uint64_t since_ns = 0;                                          ///< since 1970, inclusive
    std::uint64_t until_ns = std::numeric_limits<std::uint64_t>::max();  ///< exclusive
};

/// Passes the lines of all selected postings to `sink`, many at a time. A transfer is two lines,
/// that of the payer first; so is a capture to another account, a capture and a transfer_in. A
/// transaction is a line for each account. Only reads; a server may be running: then the export
/// ends with what it has written. If the server trims the records to be read next, the export
/// begins again, unless lines have been passed on.
///
/// Throws journal_error if the journal has no segment, and at damage, after all lines before it
/// were passed on; data_error if the server trims its journal faster than this reads; what the sink
/// throws.
void export_postings(const data_files& files, line_format format, const export_selection& wanted,
                     const std::function<void(std::string_view)>& sink,
                     const patient_reader::pause& wait = patient_reader::five_milliseconds);

}  // namespace coffer::audit
