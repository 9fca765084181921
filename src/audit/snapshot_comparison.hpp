// Compares snapshots with the journal of their ledger.
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
#include "snapshot/held_sums.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer::audit {

/// Compares one snapshot with the journal, in two steps. Once the journal is applied up to
/// after_record, each account of the snapshot is compared: it is as the journal left it, or it has
/// a later posting, which is noted. Then each record up to until_record is compared with the noted
/// postings: all of them must come. Thread safety: none.
class snapshot_comparison {
public:
    /// `number` is the number of the comparison, from 1. `faults` must outlive this.
    snapshot_comparison(std::filesystem::path file, snapshot::snapshot_info info,
                        std::uint32_t number, fault_list& faults)
        : file_{std::move(file)}, info_{std::move(info)}, number_{number}, faults_{faults} {}

    [[nodiscard]] const snapshot::snapshot_info& info() const noexcept { return info_; }
    [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }

    /// Compares all accounts with `so_far`, which has the records up to after_record. If records
    /// are missing before that, completes `so_far`. Throws snapshot::accounts_error if the file
    /// cannot be read, snapshot_error, or as journal::interruption does.
    void begin(history& so_far);

    /// Compares with a record from after_record + 1 to until_record, which `so_far` has applied.
    void watch(const journal::record& one, history& so_far);

    /// Ends the comparison: the last record was until_record.
    void end();

private:
    /// Compares one account of the snapshot.
    void compare(const account_view& listed, history& so_far);
    void compare_known(const account_view& listed, const registered_account& known,
                       const history& so_far);
    void expect_later(const account_view& listed);
    void take_holds(history& so_far);
    void compare_holds(account_number account, history& so_far);
    void expect_believed(const posting& state, history& so_far);
    void find_missing(const history& so_far) const;
    [[nodiscard]] bool has(const posting& state) const;
    void meet(const posting& state, history& so_far);
    void add(account_number account, std::string what) const;

    std::filesystem::path file_;
    snapshot::snapshot_info info_;
    std::uint32_t number_;
    fault_list& faults_;
    std::unordered_map<account_number, account_view> later_;
    std::unordered_map<account_number, std::vector<hold>> holds_;  // listed, and not compared yet
    std::uint64_t holds_listed_ = 0;
    wide_minor held_minor_ = 0;
    snapshot::held_sums sums_;
    std::uint64_t listed_ = 0;
    std::uint64_t known_listed_ = 0;
    wide_minor total_minor_ = 0;
    bool completes_ = false;
};

/// The snapshots of a directory, compared while the journal is read. Snapshots that the server
/// removes meanwhile are skipped. Thread safety: none.
class snapshot_queue {
public:
    /// Lists the snapshots that exist now. `faults` must outlive this. Throws snapshot_error.
    snapshot_queue(std::filesystem::path snapshots, fault_list& faults);

    /// Checks each snapshot by itself, and that it belongs to this ledger. Queues those without
    /// faults.
    void check_each(const ledger_id& ledger);

    /// Begins a part of the journal at this record, the first one or the first after a gap. Drops
    /// the snapshots that had to be compared before it.
    void begin_at(std::uint64_t next_record, history& so_far);

    /// Compares with a record that `so_far` has applied.
    void pass(const journal::record& one, std::uint64_t number, history& so_far) {
        if (number >= next_event_ || !open_.empty())
            pass_slowly(one, number, so_far);
    }

    /// Ends the journal with this record.
    void end_at(std::uint64_t last_record);

    /// Whether snapshots were added since this was made.
    [[nodiscard]] bool has_newer_files() const;

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
    std::list<snapshot_comparison> waiting_;  // in the order of after_record
    std::list<snapshot_comparison> open_;     // begun, before their until_record
    std::uint64_t next_event_ = 0;
    std::uint32_t begun_ = 0;
};

}  // namespace coffer::audit
