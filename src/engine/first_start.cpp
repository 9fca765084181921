#include "engine/first_start.hpp"

#include <chrono>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <coffer/ledger.hpp>

#include "journal/appender.hpp"
#include "journal/batch.hpp"
#include "journal/journal_error.hpp"
#include "journal/ledger_clock.hpp"
#include "ops/stopping.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer {
namespace {

namespace fs = std::filesystem;

/// A journal in the making. If it is not finished, nothing of it is left.
class opening_journal {
public:
    opening_journal(journal::log_store& store, std::size_t expected_accounts,
                    std::chrono::milliseconds answer_timeout)
        : answer_timeout_{answer_timeout},
          new_log_{store.create()},
          log_{new_log_->log()},
          name_{log_.name()},
          opened_{{.shards = 0, .expected_accounts = expected_accounts}},
          appender_{log_},
          batch_{log_.max_batch_bytes()} {}

    /// Adds an opening.
    [[nodiscard]] initial_accounts::refusal open(account_number number, money balance) {
        stopping::check();
        const outcome made = opened_.open(number, balance);
        if (!made)
            return initial_accounts::refusal_of(number, made.error);
        std::byte bytes[journal::format::record::max_bytes];
        const std::size_t size = journal::encode(journal::record::of_opening(made.posting), bytes);
        if (!batch_.has_room(size))
            append();
        batch_.add(std::span{bytes}.first(size));
        return std::nullopt;
    }

    /// Makes it the store's journal.
    void finish() {
        if (batch_.records() != 0)
            append();
        append();  // of no records, which marks an orderly end
        stopping::check();
        new_log_->publish();
    }

private:
    /// Appends the batch and begins the next.
    void append() {
        using result = journal::appender::result;
        const auto one = batch_.seal(appender_.end(), clock_.stamp());
        const auto deadline = std::chrono::steady_clock::now() + answer_timeout_;
        for (;;) {
            stopping::check();
            if (!log_.has_room(one.bytes.size()))
                if (const journal::log_status made = log_.make_room(); !made)
                    refuse(made.reason);
            const result found = appender_.append(one);
            if (found == result::durable)
                break;
            if (found != result::unknown || std::chrono::steady_clock::now() >= deadline)
                refuse(appender_.reason());
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
        batch_.clear();
    }

    [[noreturn]] void refuse(const std::string& reason) const {
        throw journal::journal_error{name_, "cannot be written: " + reason};
    }

    const std::chrono::milliseconds answer_timeout_;
    const std::unique_ptr<journal::new_log> new_log_;
    journal::batch_log& log_;
    const std::string name_;
    ledger opened_;  // finds accounts that are listed twice
    journal::appender appender_;
    journal::batch_builder batch_;
    journal::ledger_clock clock_;
};

}  // namespace

void require_no_snapshots(const fs::path& directory) {
    const std::vector<fs::path> snapshots = snapshot::list_snapshots(directory);
    if (!snapshots.empty())
        throw std::runtime_error{
            directory.parent_path().string() +
            ": has snapshots and no journal: it is lost, or of a version that kept none; to go on "
            "from the newest snapshot alone, start with --accounts " +
            snapshots.front().string() + " and --data with another directory"};
}

void begin_journal(journal::log_store& store, const fs::path& snapshots,
                   const initial_accounts& accounts, std::chrono::milliseconds answer_timeout) {
    require_no_snapshots(snapshots);
    opening_journal made{store, accounts.expected(), answer_timeout};
    accounts.visit(
        [&made](const posting& listed) { return made.open(listed.account, listed.balance); });
    made.finish();
}

}  // namespace coffer
