// Exports the history: every posting in the journal, in order, as a line of NDJSON or CSV.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string_view>

#include <coffer/account_number.hpp>

#include "audit/data_files.hpp"
#include "audit/patient_reader.hpp"
#include "journal/posting_line.hpp"

namespace coffer::audit {

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
void export_postings(const data_files& files, journal::line_format format,
                     const export_selection& wanted,
                     const std::function<void(std::string_view)>& sink,
                     const patient_reader::pause& wait = patient_reader::five_milliseconds);

}  // namespace coffer::audit
