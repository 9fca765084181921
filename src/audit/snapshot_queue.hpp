// The snapshots of a directory, each waiting for the journal to come to it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "audit/fault.hpp"
#include "audit/history.hpp"
#include "audit/report.hpp"
#include "audit/snapshot_comparison.hpp"

namespace coffer::audit {

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
