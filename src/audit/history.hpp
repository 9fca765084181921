// What the records of a journal come to, and whether each follows from those before it.
#pragma once

#include <cstdint>
#include <string>

#include "audit/account_register.hpp"
#include "audit/report.hpp"
#include "journal/record.hpp"
#include "journal/storage.hpp"

namespace coffer::audit {

/// Where a record is.
struct record_place {
    std::uint64_t number = 0;
    std::uint64_t segment = 0;  ///< the first record of its segment
    std::uint64_t offset = 0;   ///< in the segment, in bytes
};

/// Takes records in their order. A record that does not follow is a fault, and what it says is
/// believed from there on, so that one fault is told once.
///
/// Where records are missing, because they were trimmed or are damaged, an account's next record is
/// believed, until the first snapshot after that has told of all accounts.
///
/// Thread safety: none.
class history {
public:
    /// `complete`: the first record of all is the one that comes first. Both must outlive this.
    history(const journal::storage& where, fault_list& faults, bool complete)
        : storage_{where}, faults_{faults}, complete_{complete} {}

    /// Has the memory fetched that apply will look at first.
    void prefetch(const journal::record& one) const noexcept;
    void apply(const journal::record& one, const record_place& at);

    /// Says that the records that come next are missing.
    void note_gap();

    /// Whether all accounts are known that there are.
    [[nodiscard]] bool is_complete() const noexcept { return complete_; }
    /// Whether the account is as the records before left it, all of which were there.
    [[nodiscard]] bool is_certain(const registered_account& one) const noexcept {
        return one.gaps == gaps_;
    }

    /// Believes a snapshot that an account which is not certain is as listed.
    void believe(const posting& listed, std::uint32_t comparison);
    /// Says that a snapshot has told of all accounts. It may know postings of records up to
    /// `until_record`: for those of accounts that were believed they are skipped.
    void note_complete(std::uint64_t until_record);

    [[nodiscard]] account_register& accounts() noexcept { return accounts_; }
    [[nodiscard]] const account_register& accounts() const noexcept { return accounts_; }
    [[nodiscard]] const operation_sums& sums() const noexcept { return sums_; }

    /// The sum of all balances.
    [[nodiscard]] wide_minor total_minor() const;
    /// What it has to be: what was opened and deposited, less what was withdrawn, and what the
    /// accounts had before the records that are there.
    [[nodiscard]] wide_minor expected_total_minor() const noexcept;

private:
    struct change {
        posting state;              ///< after it
        std::int64_t amount_minor;  ///< what the balance changed by
        bool is_opening = false;
    };
    void apply_change(const change& made, const record_place& at);
    void apply_to_known(registered_account& known, const change& made, const record_place& at);
    void check_refusal(const journal::record& one, const record_place& at);
    void add(const record_place& at, account_number account, std::string what);

    const journal::storage& storage_;
    fault_list& faults_;
    account_register accounts_;
    operation_sums sums_;
    wide_minor carried_minor_ = 0;  // what accounts had that no record here gave them
    bool complete_;
    std::uint16_t gaps_ = 0;
    std::uint64_t known_until_record_ = 0;
};

}  // namespace coffer::audit
