// Writes the history out: every posting in the journal, in its order.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string_view>

#include "audit/data_files.hpp"
#include "audit/patient_reader.hpp"
#include "audit/posting_line.hpp"

namespace coffer::audit {

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
