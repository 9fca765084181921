// One posting as one line, for programs: NDJSON or CSV.
//
// Thread safety  every function is pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <coffer/posting.hpp>

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

}  // namespace coffer::audit
