// What an audit found, and how it is told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/fault.hpp"
#include "audit/history.hpp"
#include "audit/wide_money.hpp"
#include "journal/reader.hpp"

namespace coffer::audit {

struct journal_summary {
    std::string ledger;  ///< its id, 32 hexadecimal digits
    std::uint64_t segments = 0;
    std::uint64_t bytes = 0;  ///< of all segments
    std::uint64_t batches = 0;
    std::uint64_t records = 0;
    std::uint64_t first_record = 0;   ///< that would be in it, be there any or not
    std::uint64_t last_record = 0;    ///< first_record - 1 if there is none
    std::uint64_t first_time_ns = 0;  ///< of the first batch, since 1970; 0 if there is none
    std::uint64_t last_time_ns = 0;
    std::optional<journal::torn_tail> torn;  ///< no fault: it was never acknowledged
};

struct snapshot_summary {
    std::uint64_t number = 0;
    std::uint64_t after_record = 0;
    std::uint64_t until_record = 0;
    std::uint64_t accounts = 0;
    bool compared = false;  ///< with the journal: not if it is damaged or older than the journal

    friend bool operator==(const snapshot_summary&, const snapshot_summary&) = default;
};

struct report {
    std::string directory;
    journal_summary journal;
    operation_sums sums;
    std::uint64_t accounts = 0;
    wide_minor total_minor = 0;  ///< of all balances
    std::vector<snapshot_summary> snapshots;
    fault_list faults;
    double seconds = 0;  ///< that it took

    [[nodiscard]] bool holds() const noexcept { return faults.empty(); }
};

/// Whether two directories have the same records and accounts, by what was found in them.
[[nodiscard]] bool tells_the_same(const report& one, const report& other);

/// For people: some lines, the last of which is "audit: all holds" or "audit: N faults".
[[nodiscard]] std::string to_text(const report& found);

/// For programs: one JSON object in one line. Money is in the form of the API, record numbers are
/// numbers, times are RFC 3339. Of two directories that have the same in them all is the same but
/// "directory" and "seconds".
[[nodiscard]] std::string to_json(const report& found);

}  // namespace coffer::audit
