// A data directory for tests, made record by record, so that whatever is wanted can be wrong in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <coffer/posting.hpp>

#include "audit/data_files.hpp"
#include "audit/report.hpp"
#include "journal/batch.hpp"
#include "journal/file_log.hpp"
#include "journal/posix_storage.hpp"
#include "snapshot/temporary_directory.hpp"

namespace coffer::test {

/// Amounts are in cents. Records are in the journal once commit is called.
class planted_data {
public:
    /// An empty journal with segments of this size.
    explicit planted_data(std::uint64_t segment_bytes = 8'192);

    // What a server would have done: each follows from what was before.
    void open(account_number account, std::int64_t balance_minor, std::string_view key = {});
    void deposit(account_number account, std::int64_t amount_minor, std::string_view key = {});
    void withdraw(account_number account, std::int64_t amount_minor, std::string_view key = {});
    void transfer(account_number payer, account_number payee, std::int64_t amount_minor,
                  std::string_view key = {});
    /// Of a withdrawal that is more than the balance.
    void refuse(account_number account, std::string_view key);

    /// Adds what no server would have.
    void add(const journal::record& one);
    /// What the account is taken to be for what follows.
    void set(const posting& state) { accounts_[state.account] = state; }
    [[nodiscard]] posting state(account_number account) const { return accounts_.at(account); }

    /// Makes a batch of what was added, as of this time, and writes it.
    void commit(const journal::batch_stamp& stamp);
    /// As of this moment in both times.
    void commit(std::uint64_t time_ns = 0) { commit({time_ns, time_ns}); }
    /// Writes the batch that ends a journal in order.
    void close() { commit(); }
    /// The number of the last record.
    [[nodiscard]] std::uint64_t last_record() const { return log_->tail().next_record - 1; }
    [[nodiscard]] journal::file_log& log() { return *log_; }

    struct snapshot_text {
        int number = 1;
        std::string ledger{};  ///< empty: that of the journal
        std::uint64_t after_record = 0;
        std::uint64_t keys_from = 1;
        std::uint64_t until_record = 0;
        std::vector<posting> accounts{};
        std::int64_t count_off = 0;  ///< what is added to the right count and the right total
        std::int64_t total_off_minor = 0;
    };
    /// A snapshot of all accounts as they are now, taken with no posting under way.
    [[nodiscard]] snapshot_text snapshot(int number) const;
    /// Writes it, with the right checksum.
    std::filesystem::path write(const snapshot_text& text) const;

    [[nodiscard]] std::filesystem::path path() const { return place_.path(); }
    [[nodiscard]] std::filesystem::path segment(std::uint64_t first_record) const;
    [[nodiscard]] std::vector<std::uint64_t> segments() const;
    /// Flips a bit of a byte of a file.
    static void flip(const std::filesystem::path& file, std::uint64_t offset);

    /// Audits it, without waiting for a server that is not there.
    [[nodiscard]] audit::report examine() const;

private:
    posting& next(account_number account, std::int64_t change_minor);

    temporary_directory place_;
    journal::posix_storage storage_;
    std::unique_ptr<journal::file_log> log_;
    journal::batch_builder batch_;
    std::map<account_number, posting> accounts_;
};

}  // namespace coffer::test
