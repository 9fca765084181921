// The result of an audit, as text for people and as JSON for programs.
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

/// Something that is wrong in a data directory.
struct fault {
    std::string file;
    std::optional<std::uint64_t> offset;  ///< in the file, in bytes; nothing: the whole file
    account_number account = 0;           ///< 0: not one account
    std::string what;

    friend bool operator==(const fault&, const fault&) = default;
};

/// Returns "FILE, offset 4096: account 7: what is wrong".
[[nodiscard]] std::string to_string(const fault& found);

/// Returns the fault for an error with the text "FILE, offset 4096: what is wrong", or without an
/// offset.
[[nodiscard]] fault fault_of(const std::exception& error, const std::string& file);

/// Counts all faults and keeps the first ones: a badly damaged directory has very many. Thread
/// safety: none.
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

/// The numbers of operations in the journal, and their amounts.
struct operation_sums {
    operation_sum openings;
    operation_sum deposits;
    operation_sum withdrawals;  ///< with a total above zero
    operation_sum transfers;
    operation_sum transactions;  ///< with what was moved
    operation_sum holds;         ///< that were placed
    operation_sum captures;
    operation_sum releases;
    operation_sum expiries;
    std::uint64_t closings = 0;
    std::uint64_t reopenings = 0;
    std::uint64_t refusals = 0;
    std::uint64_t keys = 0;

    friend bool operator==(const operation_sums&, const operation_sums&) = default;
};

struct journal_summary {
    std::string ledger;  ///< the ledger id, 32 hexadecimal digits
    std::uint64_t segments = 0;
    std::uint64_t bytes = 0;  ///< the size of all segments
    std::uint64_t batches = 0;
    std::uint64_t records = 0;
    std::uint64_t first_record = 0;   ///< the number that the first record has or would have
    std::uint64_t last_record = 0;    ///< first_record - 1 if there are no records
    std::uint64_t first_time_ns = 0;  ///< of the first batch, since 1970; 0 without batches
    std::uint64_t last_time_ns = 0;
    std::optional<journal::torn_tail> torn;  ///< not a fault: never acknowledged
};

struct snapshot_summary {
    std::uint64_t number = 0;
    std::uint64_t after_record = 0;
    std::uint64_t until_record = 0;
    std::uint64_t accounts = 0;
    bool compared = false;  ///< with the journal; false if damaged, or older than the journal

    friend bool operator==(const snapshot_summary&, const snapshot_summary&) = default;
};

struct report {
    std::string directory;
    journal_summary journal;
    operation_sums sums;
    std::uint64_t accounts = 0;
    wide_minor total_minor = 0;  ///< the sum of all balances
    wide_minor held_minor = 0;   ///< the part of it that holds have
    std::vector<snapshot_summary> snapshots;
    fault_list faults;
    fault_list notes;    ///< what is wrong with files that a server makes again by itself
    double seconds = 0;  ///< the duration of the audit

    [[nodiscard]] bool holds() const noexcept { return faults.empty(); }
};

/// What an increment of a backup has.
struct increment_report {
    std::string directory;
    journal_summary journal;
    double seconds = 0;  ///< how long it took to make
};

/// Whether two directories have the same records, accounts and snapshots, by their reports.
[[nodiscard]] bool is_same_data(const report& one, const report& other);

/// Returns the report for people. Its last line is "audit: all holds" or "audit: N faults".
[[nodiscard]] std::string to_text(const report& found);

/// Returns the report for programs: one JSON object in one line. Money has the form of the API,
/// record numbers are numbers, times are RFC 3339. The reports of equal directories differ in
/// "directory" and "seconds" only.
[[nodiscard]] std::string to_json(const report& found);

/// Returns the report of an increment, as those of an audit.
[[nodiscard]] std::string to_text(const increment_report& found);
[[nodiscard]] std::string to_json(const increment_report& found);

}  // namespace coffer::audit
