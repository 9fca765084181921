#include "small_ledger.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "engine/first_start.hpp"
#include "engine/initial_accounts.hpp"
#include "journal/memory_log.hpp"
#include "journal/record.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer::test {
namespace {

void require(bool fine) {
    if (!fine)
        throw std::logic_error{"a small ledger cannot do what a test wants of it"};
}

}  // namespace

truth truth_of(coffer::ledger& ledger) {
    truth found;
    ledger.cut([&found](const posting& last) { found[last.account] = last; });
    return found;
}

std::string to_text(const truth& what) {
    std::string text;
    for (const auto& [account, last] : what)
        text += std::to_string(account) + '/' + std::to_string(last.sequence) + '/' +
                to_string(last.balance) + ' ';
    return text;
}

std::unique_ptr<journal::log_store> store_in(kept_in where, const data_directory& directory,
                                             journal::file_log::options chosen) {
    if (where == kept_in::memory)
        return std::make_unique<memory_store>();
    return std::make_unique<journal::file_store>(directory.journal(), chosen);
}

small_ledger::small_ledger(kept_in kind, journal::file_log::options chosen)
    : where_{std::make_unique<data_directory>(place_.path() / "data")},
      store_{store_in(kind, *where_, chosen)} {
    begin_journal(*store_, snapshots(), initial_accounts::sample());
    const auto from = store_->read()->read_from(1);
    while (from->next()) {
    }
    log_ = store_->open(from->position());
    initial_accounts::sample().visit([this](const posting& one) -> initial_accounts::refusal {
        require(static_cast<bool>(ledger_.restore(one)));
        return std::nullopt;
    });
}

void small_ledger::deposit(account_number to, std::int64_t amount_minor, std::string_view key) {
    const money amount = money::from_minor(amount_minor);
    const outcome made = ledger_.deposit(to, amount);
    require(static_cast<bool>(made));
    add(journal::record::of_deposit(made.posting, amount, {key, {1, 2}}));
}

void small_ledger::withdraw(account_number from, std::int64_t amount_minor, std::string_view key) {
    const money amount = money::from_minor(amount_minor);
    const outcome made = ledger_.withdraw(from, amount);
    require(static_cast<bool>(made));
    add(journal::record::of_withdrawal(made.posting, amount, {key, {1, 2}}));
}

void small_ledger::transfer(account_number from, account_number to, std::int64_t amount_minor) {
    const money amount = money::from_minor(amount_minor);
    const auto made = ledger_.transfer(from, to, amount);
    require(static_cast<bool>(made));
    add(journal::record::of_transfer(made.from, made.to, amount));
}

void small_ledger::post_much(int postings, std::chrono::nanoseconds later) {
    for (int i = 0; i != postings; ++i) {
        const account_number account = 10001 + static_cast<account_number>(i) % 9;
        if (i % 3 == 0)
            deposit(account, 1 + i, i % 2 == 0 ? "key-" + std::to_string(i) : "");
        else if (i % 3 == 1)
            withdraw(account, 1 + i % 7);
        else
            transfer(account, 100000, 2);
        if (i % 11 == 10) {
            commit(later);
            later = {};
        }
    }
    commit(later);
}

void small_ledger::add(const journal::record& one) {
    std::byte bytes[journal::format::record::max_bytes];
    batch_.add(std::span{bytes}.first(journal::encode(one, bytes)));
}

void small_ledger::commit(std::chrono::nanoseconds later) {
    const auto time_ns = static_cast<std::uint64_t>((now() + later).count());
    const auto sealed = batch_.seal(log_->tail(), {time_ns, time_ns});
    if (!log_->has_room(sealed.bytes.size()))
        require(static_cast<bool>(log_->make_room()));
    require(static_cast<bool>(log_->append(sealed)));
    require(static_cast<bool>(log_->wait_durable()));
    journal::visit_records(sealed, [this](const journal::record& one) {
        ledger_.note_durable(one.state.account, one.state.sequence);
        if (one.kind == journal::record_kind::transfer)
            ledger_.note_durable(one.payee.account, one.payee.sequence);
    });
    batch_.clear();
}

std::chrono::nanoseconds small_ledger::now() const {
    return std::chrono::nanoseconds{log_->tail().time_ns};
}

snapshot::written_snapshot small_ledger::take_snapshot(const std::function<void()>& meanwhile,
                                                       std::uint64_t keys_from) {
    snapshot::snapshot_directory directory{where_->snapshots()};
    const auto durable = [&] {
        const std::uint64_t found = last_record();
        if (meanwhile)
            meanwhile();
        return found;
    };
    const auto barrier = [this] { return last_record(); };
    const auto keys = [keys_from](std::uint64_t) { return keys_from; };
    return snapshot::write_snapshot(ledger_, directory, 10,
                                    {log_->ledger(), durable, keys, barrier, {}});
}

std::filesystem::path small_ledger::snapshot_file(std::uint64_t number) const {
    return where_->snapshots() / (std::to_string(number) + ".json");
}

std::vector<std::filesystem::path> small_ledger::segments() const {
    std::vector<std::filesystem::path> files;
    for (const std::uint64_t first : pieces())
        files.push_back(where_->journal() / journal::segment_name(first));
    return files;
}

std::vector<std::uint64_t> small_ledger::pieces() const {
    if (const auto* const files = dynamic_cast<const journal::file_store*>(store_.get()))
        return journal::list_segments(files->files());
    std::vector<std::uint64_t> found;
    for (const shared_bytes& one : dynamic_cast<const memory_store&>(*store_).batches()->all())
        found.push_back(journal::check_batch(*one).value.header.first_record);
    return found;
}

}  // namespace coffer::test
