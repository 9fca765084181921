// A snapshot beside the journal that it was taken from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <coffer/posting.hpp>

#include "audit/history.hpp"
#include "audit/report.hpp"
#include "ops/ledger_id.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer::audit {

/// Compares in two steps. After the snapshot's after_record, which all of it is as new as: each
/// account is as the journal has left it, or has postings that come later in the journal; those are
/// noted. Then, with each record up to its until_record, which no posting of it is newer than:
/// whether those come, and are what the snapshot says. Thread safety: none.
class snapshot_comparison {
public:
    /// `number` is 1 or more and tells it from other comparisons. `faults` must outlive this.
    snapshot_comparison(std::filesystem::path file, snapshot::snapshot_info info,
                        std::uint32_t number, fault_list& faults)
        : file_{std::move(file)}, info_{std::move(info)}, number_{number}, faults_{faults} {}

    [[nodiscard]] const snapshot::snapshot_info& info() const noexcept { return info_; }
    [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }

    /// Compares all accounts, once `so_far` has the records up to after_record. Where records are
    /// missing before it, completes `so_far`. Throws snapshot::accounts_error if the file cannot be
    /// read, or snapshot_error.
    void begin(history& so_far);

    /// Looks at a record that comes after after_record, up to until_record. `so_far` has it.
    void watch(const journal::record& one, history& so_far);

    /// Says that the record is until_record.
    void end();

private:
    /// What is wrong with a listed account is a fault; only what is no account ends the reading.
    void compare(const posting& listed, history& so_far);
    void compare_known(const posting& listed, const registered_account& known);
    void expect_later(const posting& listed);
    void expect_believed(const posting& state, history& so_far);
    void find_missing(const history& so_far) const;
    [[nodiscard]] bool has(const posting& state) const;
    void meet(const posting& state);
    void add(account_number account, std::string what) const;

    std::filesystem::path file_;
    snapshot::snapshot_info info_;
    std::uint32_t number_;
    fault_list& faults_;
    std::unordered_map<account_number, posting> later_;
    std::uint64_t listed_ = 0;
    std::uint64_t known_listed_ = 0;
    wide_minor total_minor_ = 0;
    bool completes_ = false;
};

/// Snapshots that are removed meanwhile are forgotten. Thread safety: none.
class snapshot_queue {
public:
    /// Those that are there now. `faults` must outlive this. Throws snapshot_error.
    snapshot_queue(std::filesystem::path snapshots, fault_list& faults);

    /// Checks each by itself, and that it is of this ledger. Those that are right take their places
    /// in the queue.
    void check_each(const ledger_id& ledger);

    /// Says that this is the next record, and whether those before it are missing: a snapshot that
    /// would have to be compared before it cannot be then.
    void begin_at(std::uint64_t next_record, history& so_far);

    /// Says that a record was applied.
    void pass(const journal::record& one, std::uint64_t number, history& so_far) {
        if (number >= next_event_ || !open_.empty())
            pass_slowly(one, number, so_far);
    }

    /// Says that the journal ends with this record.
    void end_at(std::uint64_t last_record);

    /// Whether there are snapshots by now that there were not when this was made.
    [[nodiscard]] bool are_there_others() const;

    [[nodiscard]] const std::vector<snapshot_summary>& summaries() const noexcept {
        return summaries_;
    }

private:
    void check(const std::filesystem::path& file, const ledger_id& ledger);
    void begin_those_after(std::uint64_t record, history& so_far);
    [[nodiscard]] bool begin(snapshot_comparison& one, history& so_far);
    void pass_slowly(const journal::record& one, std::uint64_t number, history& so_far);
    void add(const std::filesystem::path& file, std::string what);

    std::filesystem::path directory_;
    fault_list& faults_;
    std::vector<std::filesystem::path> files_;
    std::vector<snapshot_summary> summaries_;
    std::list<snapshot_comparison> waiting_;  // by their after_record
    std::list<snapshot_comparison> open_;     // begun, and not at their until_record yet
    std::uint64_t next_event_ = 0;
    std::uint32_t begun_ = 0;
};

}  // namespace coffer::audit
