// A snapshot beside the journal that it was taken from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <utility>

#include <coffer/posting.hpp>

#include "audit/fault.hpp"
#include "audit/history.hpp"
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

}  // namespace coffer::audit
