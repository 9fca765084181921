// The result of an audit, its faults, and its forms for people and for programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include <coffer/account_number.hpp>

#include "journal/reader.hpp"
#include "ops/text.hpp"

namespace coffer::audit {

struct fault {
    std::string file;
    std::optional<std::uint64_t>
        offset;                  ///< in the file, in bytes; nothing if it is about all of it
    account_number account = 0;  ///< 0: it is about no single account
    std::string what;

    friend bool operator==(const fault&, const fault&) = default;
};

/// "FILE, offset 4096: account 7: what is wrong"
[[nodiscard]] std::string to_string(const fault& found);

/// What an error says of this file, "FILE, offset 4096: what is wrong" or without an offset.
[[nodiscard]] fault fault_of(const std::exception& error, const std::string& file);

/// Counts all faults and keeps the first of them: what is wholly wrong has no end of faults.
/// Thread safety: none.
class fault_list {
public:
    static constexpr std::size_t most_kept = 100;

    void add(fault found);

    [[nodiscard]] const std::vector<fault>& kept() const noexcept { return kept_; }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

private:
    std::vector<fault> kept_;
    std::uint64_t count_ = 0;
};

struct operation_sum {
    std::uint64_t count = 0;
    wide_minor total_minor = 0;

    friend bool operator==(const operation_sum&, const operation_sum&) = default;
};

/// All that was done, by its kind.
struct operation_sums {
    operation_sum openings;
    operation_sum deposits;
    operation_sum withdrawals;  ///< the total is above zero
    operation_sum transfers;
    std::uint64_t refusals = 0;
    std::uint64_t keys = 0;

    friend bool operator==(const operation_sums&, const operation_sums&) = default;
};

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
