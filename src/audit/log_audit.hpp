// Replays the durable journal of a ledger that is being served, and compares with it each snapshot
// that the server takes: so memory is compared with the journal.
//
// It has no thread and no clock: see continuous_audit.hpp.
//
// A difference between the ledger and the journal is found whatever caused it, as the replay uses a
// register of its own and none of what posts, recovers or writes snapshots. An account takes 43 to
// 85 bytes, one and a half times that while the register grows; what is held on it, and each hold
// that is open or known, some 100 more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "audit/history.hpp"
#include "audit/report.hpp"
#include "audit/snapshot_comparison.hpp"
#include "journal/batch_log.hpp"

namespace coffer::audit {

/// Why nothing can be compared now. Not a difference by itself.
class audit_unavailable : public std::runtime_error {
public:
    explicit audit_unavailable(const std::string& why, fault_list differences = {})
        : std::runtime_error{why}, differences_{std::move(differences)} {}
    /// What was found before.
    [[nodiscard]] const fault_list& differences() const noexcept { return differences_; }

private:
    fault_list differences_;
};

/// Thread safety: none.
class log_audit {
public:
    /// A journal that is whole and has so many records up to the newest snapshot, or fewer, is read
    /// from its first record on.
    static constexpr std::uint64_t most_read_again = 1'000'000;

    /// Begins, where possible with a state before the newest snapshot, so that this is compared
    /// too, and with it what the server has recovered from it: with the journal's first record, or
    /// else with the second newest snapshot, or with the only one.
    ///
    /// `log` must outlive this. Throws audit_unavailable if there is no snapshot to begin with, or
    /// the one to begin with contradicts itself; journal::journal_error, std::runtime_error,
    /// std::bad_alloc, and as journal::interruption does.
    log_audit(const journal::batch_source& log, std::filesystem::path snapshots);
    log_audit(const log_audit&) = delete;
    log_audit& operator=(const log_audit&) = delete;

    /// Where it has begun, for people.
    [[nodiscard]] const std::string& beginning() const noexcept { return beginning_; }

    /// Looks for snapshots taken since. One that covers an earlier record than was read is passed
    /// over, and so is one that is damaged, removed, or cannot be read. One that is whole and
    /// contradicts itself is a difference: the ledger that it was taken of did so. Throws
    /// snapshot::snapshot_error, std::bad_alloc, and as journal::interruption does.
    void look();

    /// Reads some batches, up to this record, which is durable, and makes the comparisons that are
    /// due. Returns whether there is more. Throws as the constructor does; then begin again with
    /// another log_audit.
    [[nodiscard]] bool advance(std::uint64_t until_record);

    /// The last record that was replayed.
    [[nodiscard]] std::uint64_t record() const noexcept { return record_; }
    /// Its record time; 0 if that is not known.
    [[nodiscard]] std::uint64_t time_ns() const noexcept { return time_ns_; }

    [[nodiscard]] std::size_t accounts() const { return state_->accounts().size(); }
    [[nodiscard]] std::uint64_t comparisons() const noexcept { return comparisons_; }
    [[nodiscard]] std::uint64_t passed_over() const noexcept { return passed_over_; }
    /// Returns the differences since this was called last, the first ones of many.
    [[nodiscard]] fault_list take_differences();

private:
    struct checked_snapshot {
        std::filesystem::path file;
        snapshot::snapshot_info info;
    };
    [[nodiscard]] std::vector<checked_snapshot> usable_snapshots(std::size_t most);
    [[nodiscard]] std::optional<checked_snapshot> check(const std::filesystem::path& file) const;
    void begin_with(const checked_snapshot& base);
    void expect(checked_snapshot one);
    void apply(const journal::batch_view& batch);
    void compare_at(std::uint64_t record);
    [[nodiscard]] bool begin(snapshot_comparison& one);
    void pass(const journal::record& one, std::uint64_t number);

    const journal::batch_source& log_;
    const std::filesystem::path snapshots_;
    std::string beginning_;
    fault_list faults_;
    std::optional<history> state_;
    std::unique_ptr<journal::batch_cursor> cursor_;
    std::uint64_t record_ = 0;
    std::uint64_t time_ns_ = 0;
    std::optional<snapshot_comparison> base_;  // until its until_record
    std::list<snapshot_comparison> waiting_;   // in the order of after_record
    std::list<snapshot_comparison> open_;      // begun, before their until_record
    std::uint64_t newest_ = 0;                 // the number of the newest snapshot looked at
    std::uint32_t begun_ = 0;
    std::uint64_t comparisons_ = 0;
    std::uint64_t passed_over_ = 0;
    std::vector<journal::record> records_;  // of one batch
};

}  // namespace coffer::audit
