#include "engine/restored_snapshot.hpp"

#include <new>
#include <optional>
#include <stdexcept>
#include <string>

#include "engine/account_openings.hpp"
#include "engine/progress.hpp"
#include "ops/log.hpp"
#include "ops/stopping.hpp"
#include "snapshot/accounts_reader.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<ledger> read_ledger(const fs::path& file, const snapshot::snapshot_info& said) {
    auto ledger = std::make_unique<coffer::ledger>(
        ledger::options{.shards = 0, .expected_accounts = said.accounts});
    wide_minor total_minor = 0;
    std::uint64_t accounts = 0;
    progress so_far{"accounts of the snapshot", said.accounts};
    snapshot::read_accounts(file, [&](const posting& listed) {
        const errc error = ledger->restore(listed).error;
        if (error == errc::ledger_full)
            throw std::bad_alloc{};
        total_minor += listed.balance.minor();
        stopping::check();
        if (++accounts % 4096 == 0)
            so_far.report(accounts, accounts);
        return refusal_of(listed.account, error);
    });
    if (accounts != said.accounts || total_minor != said.total_minor)
        throw snapshot::snapshot_error{file.string() +
                                       ": its accounts have not the count and total that it says"};
    return ledger;
}

}  // namespace

restored_snapshot restore_newest(std::span<const fs::path> newest_first,
                                 const ledger_id& journal_id) {
    for (const fs::path& file : newest_first) {
        std::optional<snapshot::snapshot_info> said;
        std::unique_ptr<coffer::ledger> ledger;
        try {
            said = snapshot::check_snapshot(file);
            if (said->ledger == journal_id)
                ledger = read_ledger(file, *said);
        } catch (const std::runtime_error& refused) {
            log::warn("a snapshot is passed over: {}", refused.what());
            continue;
        }
        if (!ledger)
            throw snapshot::snapshot_error{file.string() +
                                           ": is of another ledger than the journal"};
        return {std::move(ledger), file, said->after_record, said->until_record, said->keys_from};
    }
    return {.ledger = std::make_unique<coffer::ledger>(), .file = {}};
}

}  // namespace coffer
