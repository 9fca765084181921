#include "engine/recovery.hpp"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>

#include "engine/initial_accounts.hpp"
#include "engine/request_key.hpp"
#include "journal/journal_error.hpp"
#include "ops/hold_id_text.hpp"
#include "ops/log.hpp"
#include "ops/stopping.hpp"
#include "snapshot/accounts_reader.hpp"
#include "snapshot/held_sums.hpp"
#include "snapshot/snapshot_directory.hpp"
#include "snapshot/snapshot_file.hpp"

namespace coffer {
namespace {

namespace fs = std::filesystem;

using journal::journal_error;

/// Logs once a second how far something long has come.
class progress {
public:
    /// `what` must outlive it: "records of the journal". `whole` is what `done` rises to.
    progress(const char* what, std::uint64_t whole) noexcept : what_{what}, whole_{whole} {}

    void report(std::uint64_t count, std::uint64_t done) noexcept {
        const auto now = std::chrono::steady_clock::now();
        if (now - last_ < std::chrono::seconds{1})
            return;
        last_ = now;
        const std::uint64_t percent =
            whole_ == 0 ? 100 : std::min<std::uint64_t>(100, 100 * done / whole_);
        log::info("recovering: {} {}, {} %", count, what_, percent);
    }

private:
    const char* what_;
    std::uint64_t whole_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Returns what is wrong with a hold of the snapshot, all of whose accounts have been restored.
std::optional<std::string> refusal_of(const hold& listed, const ledger& accounts,
                                      const snapshot::snapshot_info& stated) {
    if (!journal::is_possible_slot(listed.id.slot, stated.until_record))
        return hold_text(listed.id) + " has a slot beyond all that there can be";
    const outcome last = accounts.balance(listed.account);
    if (!last)
        return hold_text(listed.id) + " is of an account that is not listed";
    if (listed.id.sequence > last.posting.sequence)
        return hold_text(listed.id) + " has a later sequence than its account";
    return std::nullopt;
}

std::unique_ptr<ledger> read_ledger(const fs::path& file, const snapshot::snapshot_info& stated,
                                    std::vector<hold>& holds) {
    auto into = std::make_unique<ledger>(
        ledger::options{.shards = 0, .expected_accounts = stated.accounts});
    decltype(stated.total_minor) total_minor = 0;
    decltype(stated.held_minor) held_minor = 0;
    std::uint64_t accounts = 0;
    progress so_far{"accounts of the snapshot", stated.accounts};
    snapshot::held_sums sums;
    const auto restore = [&](const account_view& listed) {
        const errc error = into->restore(listed, listed.status).error;
        if (error == errc::ledger_full)
            throw std::bad_alloc{};
        total_minor += static_cast<std::uint64_t>(listed.balance.minor());
        sums.add(listed);
        stopping::check();
        if (++accounts % 4096 == 0)
            so_far.report(accounts, accounts);
        return initial_accounts::refusal_of(listed.account, error);
    };
    const auto keep = [&](const hold& listed) {
        holds.push_back(listed);
        sums.add(listed);
        held_minor += listed.remaining.minor();
        stopping::check();
        return refusal_of(listed, *into, stated);
    };
    snapshot::read_accounts(file, restore, keep);
    if (accounts != stated.accounts || total_minor != stated.total_minor)
        throw snapshot::snapshot_error{file.string() +
                                       ": its accounts have not the count and total that it says"};
    if (holds.size() != stated.holds || held_minor != stated.held_minor)
        throw snapshot::snapshot_error{file.string() +
                                       ": its holds have not the count and total that it says"};
    sums.visit_wrong([&file](account_number account, const std::string& what) {
        throw snapshot::snapshot_error{file.string() + ": account " + std::to_string(account) +
                                       ' ' + what};
    });
    return into;
}

/// The first record whose key may be alive at the journal's end, if a key's life lasts `key_ttl`.
/// It may be an earlier record than necessary: the journal's end is taken for as early as it may
/// be.
///
/// The life of a key begins at the latest when the batch after its own was written. So of the
/// batches that are too old, the last one counts too: its keys' lives began when the next batch,
/// which is young enough, was written.
std::uint64_t first_with_living_keys(const journal::batch_source& journal,
                                     std::chrono::nanoseconds key_ttl) {
    const auto ttl = static_cast<std::uint64_t>(std::max<std::int64_t>(key_ttl.count(), 0));
    const std::uint64_t end_ns = journal.running_ns_reached();
    const std::uint64_t first = journal.first_record_as_of(end_ns - std::min(ttl, end_ns));
    return std::max(first - 1, journal.first_record());
}

/// Replays what the cursor has. Returns the first record that it has read; `from_record` if none.
std::uint64_t replay(const journal::batch_source& journal, journal::batch_cursor& from,
                     std::uint64_t from_record, journal::replayer& into) {
    progress so_far{"records of the journal", journal.bytes_from(from_record)};
    std::uint64_t first_read = from_record;
    while (const auto one = from.next()) {
        stopping::check();
        first_read = std::min(first_read, one->header.first_record);
        into.apply(*one, from.where());
        so_far.report(into.counts().records, from.bytes_passed());
    }
    if (const std::string left = from.unfinished(); !left.empty())
        log::warn("{}: what a crash left half written here was never acknowledged and is cut off",
                  left);
    return first_read;
}

void require_end(const restored_snapshot& base, const journal::batch_source& journal,
                 std::uint64_t last_record) {
    if (last_record < base.until_record)
        throw journal_error{journal.name(), "ends with record " + std::to_string(last_record) +
                                                ", but " + base.file.string() +
                                                " has postings up to record " +
                                                std::to_string(base.until_record) +
                                                ": the end of the journal is lost"};
}

/// Whether the reply needs the balance alone. What refused a request, and so what its reply needs,
/// is not known from its record.
bool is_simple(const journal::record& one) noexcept {
    return one.kind == journal::record_kind::posting &&
           one.operation != journal::posting_operation::opening;
}

std::string origin(const restored_snapshot& base, const journal::replay_counts& counts) {
    const std::string records = std::to_string(counts.records) + " records of the journal";
    return base.file.empty() ? "from " + records : "from " + base.file.string() + " and " + records;
}

}  // namespace

restored_snapshot restore_newest(std::span<const fs::path> newest_first,
                                 const ledger_id& journal_id) {
    for (const fs::path& file : newest_first) {
        std::optional<snapshot::snapshot_info> stated;
        std::unique_ptr<ledger> restored;
        std::vector<hold> holds;
        try {
            stated = snapshot::check_snapshot(file);
            if (stated->ledger == journal_id)
                restored = read_ledger(file, *stated, holds);
        } catch (const std::runtime_error& refused) {
            log::warn("a snapshot is passed over: {}", refused.what());
            continue;
        }
        if (!restored)
            throw snapshot::snapshot_error{file.string() +
                                           ": is of another ledger than the journal"};
        return {.ledger = std::move(restored),
                .file = file,
                .after_record = stated->after_record,
                .until_record = stated->until_record,
                .keys_from = stated->keys_from,
                .holds = std::move(holds)};
    }
    return {.ledger = std::make_unique<ledger>(), .file = {}};
}

void key_recovery::add(const journal::record& one, const journal::batch_stamp& of,
                       std::uint64_t number) {
    if (of.running_ns != batch_ns_)
        restore_batch(of.running_ns);
    batch_ns_ = of.running_ns;
    if (one.key.text.empty())
        return;
    collect(one.key.text, one, number);
    if (of.key_life_ns == 0)
        collect_by_todays_syntax(one, number);
}

// The program that wrote format 1 stripped the quotes of a key's field and kept the rest unparsed.
// By today's syntax the same field has another text if there are escapes or parameters in it.
void key_recovery::collect_by_todays_syntax(const journal::record& one, std::uint64_t number) {
    const std::string field = one.key.text.starts_with('"') ? std::string{one.key.text}
                                                            : '"' + std::string{one.key.text} + '"';
    request_key_room room;
    const auto text = read_request_key(field, room);
    if (text && *text != one.key.text)
        collect(*text, one, number);
}

key_owners::number key_recovery::owner_of(std::string_view actor) {
    const auto found = store_.owners().number_of(actor);
    if (!found)
        throw std::length_error{"the journal's idempotency keys are of more than " +
                                std::to_string(key_owners::max_number) + " tokens"};
    return *found;
}

void key_recovery::collect(std::string_view text, const journal::record& one,
                           std::uint64_t number) {
    recovered_key found{.text_at = texts_.size(),
                        .text_bytes = static_cast<std::uint8_t>(text.size()),
                        .actor_bytes = static_cast<std::uint8_t>(one.actor.size()),
                        .fingerprint = one.key.fingerprint,
                        .outcome = {.balance = one.state.balance, .sequence = one.state.sequence},
                        .record_at = records_.size(),
                        .record_bytes = 0,
                        .number = number};
    if (!is_simple(one)) {
        found.record_bytes = journal::encoded_bytes_without_key(one);
        records_.resize(found.record_at + found.record_bytes);
        journal::encode_without_key(one, std::span{records_}.subspan(found.record_at));
        if (one.kind == journal::record_kind::refusal)
            found.outcome.error = one.error;
    }
    batch_.push_back(found);
    texts_ += text;
    texts_ += one.actor;
}

void key_recovery::restore_batch(std::uint64_t durable_ns) {
    if (store_.has_expired(durable_ns))
        batch_.clear();  // before their owners are numbered, which is for ever
    for (recovered_key& one : batch_) {
        const auto text = std::string_view{texts_}.substr(one.text_at, one.text_bytes);
        const auto actor =
            std::string_view{texts_}.substr(one.text_at + one.text_bytes, one.actor_bytes);
        one.outcome.record = std::span{records_}.subspan(one.record_at, one.record_bytes);
        store_.restore({text, one.fingerprint}, one.outcome, batch_ns_, durable_ns, one.number,
                       owner_of(actor));
    }
    batch_.clear();
    texts_.clear();
    records_.clear();
}

recovered recover(const journal::batch_source& journal, const fs::path& snapshots,
                  std::chrono::nanoseconds key_ttl, journal::replayer::visitor keys) {
    const auto begin = std::chrono::steady_clock::now();
    const ledger_id id = journal.ledger();
    const auto newest_first = snapshot::list_snapshots(snapshots);
    restored_snapshot base = restore_newest(newest_first, id);

    std::uint64_t from_record = base.after_record + 1;
    if (keys && key_ttl.count() > 0)
        from_record = std::min(from_record,
                               std::max(base.keys_from, first_with_living_keys(journal, key_ttl)));
    const auto from = journal.read_from(from_record);
    journal::replayer replayer{*base.ledger, std::move(keys)};
    for (const hold& one : base.holds)
        replayer.restore_hold(one);
    base.holds = {};
    // A batch is read whole, so keys of records before from_record may have been found.
    const std::uint64_t keys_from = replay(journal, *from, from_record, replayer);
    const std::uint64_t last_record = from->position().next_record - 1;
    require_end(base, journal, last_record);
    replayer.finish(journal.name());

    const auto& counts = replayer.counts();
    recovered found{.ledger = std::move(base.ledger),
                    .journal_id = id,
                    .from = origin(base, counts),
                    .records = counts.records,
                    .skipped = counts.skipped,
                    .last_record = last_record,
                    .keys_from = keys_from,
                    .end = from->position(),
                    .journal_end = from->stamp()};
    if (!newest_first.empty() && base.file == newest_first.front())
        found.covered_record = base.after_record;
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    log::info("recovered {} accounts {}, {} ms", found.ledger->size(), found.from, took.count());
    return found;
}

}  // namespace coffer
