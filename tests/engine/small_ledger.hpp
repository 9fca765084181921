// A small ledger with a journal and snapshots, for tests. Its journal is kept in files, in segments
// of 8 KiB, or in memory: what is above the journal's seam does not know which.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <coffer/ledger.hpp>

#include "engine/data_directory.hpp"
#include "engine/recovery.hpp"
#include "journal/batch.hpp"
#include "journal/file_store.hpp"
#include "journal/log_store.hpp"
#include "snapshot/snapshot_writer.hpp"
#include "snapshot/temporary_directory.hpp"

namespace coffer::test {

inline constexpr journal::file_log::options small_segments{.segment_bytes = 8192};

/// The implementations of the journal's seam, for GENERATE.
enum class kept_in : std::uint8_t { files, memory };

/// A store of that kind, without a log.
[[nodiscard]] std::unique_ptr<journal::log_store> store_in(kept_in where,
                                                           const data_directory& directory,
                                                           journal::file_log::options chosen);

/// An account's last posting, by its number.
using truth = std::map<account_number, posting>;

[[nodiscard]] truth truth_of(ledger& ledger);

/// What is there, in words: "10001/3/1000.0 ".
[[nodiscard]] std::string to_text(const truth& what);

/// A journal that was begun with the sample accounts, and goes on: postings are made in the ledger,
/// put into a batch, and durable when it is committed.
class small_ledger {
public:
    explicit small_ledger(kept_in kind = kept_in::files,
                          journal::file_log::options chosen = small_segments);
    explicit small_ledger(journal::file_log::options chosen)
        : small_ledger{kept_in::files, chosen} {}

    [[nodiscard]] const data_directory& where() const noexcept { return *where_; }
    [[nodiscard]] std::filesystem::path snapshots() const { return where_->snapshots(); }
    [[nodiscard]] coffer::ledger& ledger() noexcept { return ledger_; }
    [[nodiscard]] journal::log_store& store() noexcept { return *store_; }
    [[nodiscard]] journal::batch_log& log() noexcept { return *log_; }
    [[nodiscard]] std::uint64_t last_record() const { return log_->tail().next_record - 1; }

    /// As a start would: from what the store and the snapshots have now.
    [[nodiscard]] recovered recover(std::chrono::nanoseconds key_ttl = {},
                                    journal::replayer::visitor keys = {}) const {
        return coffer::recover(*store_->read(), snapshots(), key_ttl, std::move(keys));
    }

    /// Each must succeed.
    void deposit(account_number to, std::int64_t amount_minor, std::string_view key = {});
    void withdraw(account_number from, std::int64_t amount_minor, std::string_view key = {});
    void transfer(account_number from, account_number to, std::int64_t amount_minor);
    /// So many postings of all kinds to sample accounts, in batches of some, all of them as much
    /// later than what was committed last.
    void post_much(int postings, std::chrono::nanoseconds later = {});

    /// Makes durable what was posted since, as so much later than what was committed last. If
    /// nothing was, it closes the journal.
    void commit(std::chrono::nanoseconds later = {});
    /// When what was committed last was, since 1970.
    [[nodiscard]] std::chrono::nanoseconds now() const;

    /// Takes the next snapshot. `meanwhile` is called after it was noted what is durable and before
    /// the cut: what it posts and commits is in the snapshot all the same. It says that there are
    /// keys from the record of this number on.
    snapshot::written_snapshot take_snapshot(const std::function<void()>& meanwhile = {},
                                             std::uint64_t keys_from = 1);

    [[nodiscard]] std::filesystem::path snapshot_file(std::uint64_t number) const;
    /// The files of a journal in files, in order.
    [[nodiscard]] std::vector<std::filesystem::path> segments() const;
    /// What trimming forgets at once: the first records of the segments, or of the batches.
    [[nodiscard]] std::vector<std::uint64_t> pieces() const;

private:
    void add(const journal::record& one);

    temporary_directory place_;
    std::unique_ptr<data_directory> where_;
    std::unique_ptr<journal::log_store> store_;
    std::unique_ptr<journal::batch_log> log_;
    journal::batch_builder batch_;
    coffer::ledger ledger_;
};

}  // namespace coffer::test
