// Writes the history out: every posting in the journal, in its order.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <coffer/posting.hpp>

#include "audit/data_files.hpp"
#include "audit/patient_reader.hpp"

namespace coffer::audit {

enum class line_format : std::uint8_t { ndjson, csv };

/// "ndjson" or "csv".
[[nodiscard]] std::optional<line_format> parse_line_format(std::string_view text);

struct posting_line {
    std::uint64_t record = 0;
    std::string_view time;  ///< RFC 3339
    posting state{};        ///< the account after it
    std::string_view operation{};
    account_number counterparty = 0;  ///< of a transfer: the other account
    money amount{};                   ///< zero or more; the operation says in which direction
    std::string_view key{};           ///< empty if the request had none
};

/// The first line, with its end: the names of the columns in CSV, none in NDJSON.
[[nodiscard]] std::string_view first_line(line_format format);

/// Appends the line and its end. NDJSON has "counterparty" and "key" only where there is one. CSV
/// is that of RFC 4180, but that a line ends in "\n" alone; a key, or what is behind a semicolon
/// in it, that a spreadsheet would take for a formula has an apostrophe before it there.
void append(std::string& out, line_format format, const posting_line& line);

/// What is wanted of the history.
struct export_selection {
    account_number account = 0;  ///< 0: of all accounts
    std::uint64_t since_ns = 0;  ///< since 1970; what is of this moment is wanted
    std::uint64_t until_ns = std::numeric_limits<std::uint64_t>::max();  ///< and of this one is not
};

/// Hands the lines of all postings that are wanted to `sink`, many at a time. A transfer is two
/// lines, that of the payer first. Reads only, and beside a running server: up to what it has
/// written by then. If the server removes what comes next, this begins again with what there is
/// then, unless something was handed on.
///
/// Throws journal_error if the journal has no segment, and at what is damaged, after all before it
/// was handed on; data_error if the server trims its journal ahead of this; what the sink throws.
void export_postings(const data_files& files, line_format format, const export_selection& wanted,
                     const std::function<void(std::string_view)>& sink,
                     const patient_reader::pause& wait = patient_reader::five_milliseconds);

}  // namespace coffer::audit
