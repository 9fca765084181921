// Applies the records of a journal one by one, and checks that each follows from those before it.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>

#include "audit/account_register.hpp"
#include "audit/report.hpp"
#include "journal/hold_register.hpp"
#include "journal/record.hpp"

namespace coffer::audit {

/// The place of a record in the journal.
struct record_place {
    std::uint64_t number = 0;
    std::uint64_t segment = 0;  ///< the first record of its segment; 0: unknown, as the offset is
    std::uint64_t offset = 0;   ///< in the segment, in bytes
};

/// Records are applied in order. One that does not follow from the records before it is a fault;
/// its state is taken over, so that one error is reported once.
///
/// After a gap, where records were trimmed or are damaged, the next record of an account is taken
/// over without a check, until the first snapshot after the gap has provided all accounts.
///
/// Thread safety: none.
class history {
public:
    /// `journal` is its name in faults: "DIR/journal/". `complete`: it begins with record 1.
    /// `faults` must outlive this.
    history(std::string journal, fault_list& faults, bool complete)
        : journal_{std::move(journal)}, faults_{faults}, complete_{complete} {}

    /// Prefetches the memory that `apply` reads first.
    void prefetch(const journal::record& one) const noexcept;
    void apply(const journal::record& one, const record_place& at);

    /// Notes that records are missing before the next one.
    void note_gap();

    /// Whether all existing accounts are known.
    [[nodiscard]] bool is_complete() const noexcept { return complete_; }
    /// Whether no record of the account can be missing.
    [[nodiscard]] bool is_certain(const registered_account& one) const noexcept {
        return one.gaps == gaps_;
    }

    /// Takes over an account that is not certain, as a snapshot lists it.
    void believe(const account_view& listed, std::uint32_t comparison);
    /// Takes over a hold, as a snapshot lists it.
    void believe_hold(const hold& listed) { holds_.put(listed); }
    /// Notes that a snapshot has provided all accounts. It may include postings of records up to
    /// `until_record`: those are skipped for the accounts that were taken over.
    void note_complete(std::uint64_t until_record);

    [[nodiscard]] account_register& accounts() noexcept { return accounts_; }
    [[nodiscard]] const account_register& accounts() const noexcept { return accounts_; }
    [[nodiscard]] const operation_sums& sums() const noexcept { return sums_; }

    [[nodiscard]] account_view view_of(const registered_account& one) const noexcept;
    [[nodiscard]] const journal::hold_register& holds() const noexcept { return holds_; }
    /// Finds accounts whose holds do not add up to what they hold. `where` is the journal.
    void check_held(const std::string& where);
    /// What all accounts hold together.
    [[nodiscard]] wide_minor held_minor() const noexcept;

    /// Returns the sum of all balances.
    [[nodiscard]] wide_minor total_minor() const;
    /// Returns what that sum must be: what the accounts had before the first record, and what was
    /// opened and deposited, less what was withdrawn and captured out of the ledger.
    [[nodiscard]] wide_minor expected_total_minor() const noexcept;

private:
    struct change {
        posting state;              ///< of the account after the change
        std::int64_t amount_minor;  ///< the change of the balance
        std::int64_t held_minor = 0;
        bool is_opening = false;
        bool is_reopening = false;
    };
    void count(const journal::record& one);
    void count_hold(const journal::record& one);
    void apply_posting(const journal::record& one, const record_place& at);
    void apply_hold(const journal::record& one, const record_place& at);
    void apply_status(const journal::record& one, const record_place& at);
    /// Returns false if the account, as a snapshot has listed it, includes the change.
    bool apply_change(const change& made, const record_place& at);
    void apply_to_known(registered_account& known, const change& made, const record_place& at);
    void apply_next(const registered_account& known, const change& made, const record_place& at);
    [[nodiscard]] money held_of(account_number account) const noexcept;
    void set_held(account_number account, money held);
    void check_refusal(const journal::record& one, const record_place& at);
    void add(const record_place& at, account_number account, std::string what);

    const std::string journal_;
    fault_list& faults_;
    account_register accounts_;
    std::unordered_map<account_number, money> held_;  // of accounts that hold something
    journal::hold_register holds_;
    operation_sums sums_;
    wide_minor captured_out_minor_ = 0;  // out of the ledger
    wide_minor carried_minor_ = 0;       // the part of the balances that comes from missing records
    bool complete_;
    std::uint16_t gaps_ = 0;
    std::uint64_t known_until_record_ = 0;
};

}  // namespace coffer::audit
