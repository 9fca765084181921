#include "engine/first_start.hpp"

#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <coffer/ledger.hpp>

#include "engine/account_openings.hpp"
#include "journal/batch.hpp"
#include "journal/journal_error.hpp"
#include "journal/ledger_clock.hpp"
#include "journal/posix_storage.hpp"
#include "ops/file_calls.hpp"
#include "ops/stopping.hpp"
#include "snapshot/accounts_reader.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer {
namespace {

namespace fs = std::filesystem;

/// Removes what is left of a journal in the making: at once, and at the end.
class leftover_remover {
public:
    explicit leftover_remover(fs::path directory) : directory_{std::move(directory)} {
        std::error_code error;
        fs::remove_all(directory_, error);
        if (error)
            throw journal::journal_error{directory_.string(),
                                         "cannot be removed: " + error.message()};
    }
    leftover_remover(const leftover_remover&) = delete;
    leftover_remover& operator=(const leftover_remover&) = delete;
    ~leftover_remover() {
        std::error_code ignored;
        fs::remove_all(directory_, ignored);
    }

private:
    fs::path directory_;
};

/// The journal in the making. If it is not finished, nothing is left of it.
class new_journal {
public:
    new_journal(const data_directory& where, std::size_t expected_accounts,
                journal::file_log::options chosen)
        : where_{where},
          remover_{where.new_journal()},
          storage_{where.new_journal()},
          opened_{{.shards = 0, .expected_accounts = expected_accounts}},
          log_{begun(chosen)},
          batch_{log_->max_batch_bytes()} {}

    /// Adds an opening. Returns what is wrong with it.
    [[nodiscard]] std::optional<std::string> open(account_number number, money balance) {
        stopping::check();
        const outcome made = opened_.open(number, balance);
        if (!made)
            return refusal_of(number, made.error);
        std::byte bytes[journal::format::record::max_bytes];
        const std::size_t size = journal::encode(journal::record::of_opening(made.posting), bytes);
        if (!batch_.has_room(size))
            append();
        batch_.add(std::span{bytes}.first(size));
        return std::nullopt;
    }

    /// Gives the journal its name.
    void finish() {
        if (batch_.records() != 0)
            append();
        append();  // of no records: it is closed in order
        log_.reset();
        stopping::check();
        undo_.cancel();
        if (const std::error_code error = rename_file(where_.new_journal(), where_.journal()))
            throw journal::journal_error{where_.journal().string(),
                                         "cannot be put in place: " + error.message()};
        sync_directory_or_throw(where_.path());
    }

private:
    [[nodiscard]] std::unique_ptr<journal::file_log> begun(journal::file_log::options chosen) {
        if (const std::error_code error = storage_.create_directory())
            throw journal::journal_error{where_.new_journal().string(),
                                         "cannot be created: " + error.message()};
        return journal::file_log::open(storage_, chosen);
    }

    /// Appends what is in the batch, and begins the next.
    void append() {
        stopping::check();
        const auto one = batch_.seal(log_->tail(), clock_.stamp());
        journal::log_status status;
        if (!log_->has_room(one.bytes.size()))
            status = log_->make_room();
        if (status)
            status = log_->append(one);
        if (status)
            status = log_->wait_durable();
        if (!status)
            throw journal::journal_error{where_.new_journal().string(),
                                         "cannot be written: " + status.reason};
        batch_.clear();
    }

    const data_directory& where_;
    leftover_remover remover_;  // before the log, so that it outlives it
    stopping::undo undo_{[leftover = where_.new_journal()] {
        std::error_code ignored;
        fs::remove_all(leftover, ignored);
    }};
    journal::posix_storage storage_;
    ledger opened_;  // which are, to find what is listed twice
    std::unique_ptr<journal::file_log> log_;
    journal::batch_builder batch_;
    journal::ledger_clock clock_;
};

/// Throws std::runtime_error if the directory has the rest of a ledger.
void require_nothing_left(const data_directory& where) {
    const std::vector<fs::path> snapshots = snapshot::list_snapshots(where.snapshots());
    if (!snapshots.empty())
        throw std::runtime_error{
            where.path().string() +
            ": has snapshots and no journal: it is lost, or of a version that kept none; to go on "
            "from the newest snapshot alone, start with --accounts " +
            snapshots.front().string() + " and --data with another directory"};
}

}  // namespace

bool has_journal(const data_directory& where) {
    std::error_code error;
    const bool there = fs::exists(where.journal(), error);
    if (error)
        throw journal::journal_error{where.journal().string(),
                                     "cannot be looked at: " + error.message()};
    return there;
}

void begin_journal(const data_directory& where, first_accounts which,
                   journal::file_log::options chosen) {
    require_nothing_left(where);
    new_journal made{where, 0, chosen};
    if (which == first_accounts::sample)
        for (const posting& one : sample_accounts())
            // Never refused: the numbers differ and the balances are above zero.
            static_cast<void>(made.open(one.account, one.balance));
    made.finish();
}

void begin_journal(const data_directory& where, const fs::path& accounts_file,
                   journal::file_log::options chosen) {
    require_nothing_left(where);
    new_journal made{where, snapshot::count_accounts(accounts_file), chosen};
    snapshot::read_accounts(accounts_file, [&made](const posting& listed) {
        return made.open(listed.account, listed.balance);
    });
    made.finish();
}

}  // namespace coffer
