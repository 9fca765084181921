// What snapshots say of the journal, taken while others post through it: true of every one of them.
#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "catch.hpp"
#include "engine/recovery.hpp"
#include "journal/reader.hpp"
#include "journal/writer.hpp"
#include "small_ledger.hpp"
#include "snapshot/accounts_reader.hpp"
#include "snapshot/captured_log.hpp"
#include "snapshot/snapshot_file.hpp"
#include "snapshot/snapshotter.hpp"

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using namespace coffer;
using test::captured_log;
using test::small_ledger;
using test::to_text;
using test::truth;
using test::truth_of;

namespace {

constexpr std::size_t posters = 2;

/// Posts through a lane of its own until it is told to end: deposits, and transfers between
/// accounts that all posters use.
void post(ledger& books, journal::writer& journal, std::size_t index,
          const std::atomic<bool>& done) {
    journal::lane& lane = journal.lane_at(index);
    for (account_number i = index; !done; ++i) {
        const account_number account = 10001 + i % 9;
        const money amount = money::from_minor(1);
        lane.begin();
        if (journal.accepting() && lane.reserve()) {
            if (i % 2 == 0)
                lane.append(
                    journal::record::of_deposit(books.deposit(account, amount).posting, amount));
            else if (const auto made = books.transfer(account, 100000, amount))
                lane.append(journal::record::of_transfer(made.from, made.to, amount));
        }
        lane.end();
        std::this_thread::yield();
    }
}

/// The accounts as they are after the journal's records up to this one.
truth after_record(const small_ledger& kept, std::uint64_t last) {
    ledger books;
    journal::reader from{kept.storage()};
    while (const auto batch = from.next()) {
        std::uint64_t number = batch->header.first_record;
        journal::visit_records(*batch, [&](const journal::record& one) {
            if (number++ > last)
                return;
            if (one.kind == journal::record_kind::transfer)
                static_cast<void>(books.transfer(one.state.account, one.payee.account, one.amount));
            else if (one.operation == journal::posting_operation::opening)
                static_cast<void>(books.open(one.state.account, one.amount));
            else
                static_cast<void>(books.deposit(one.state.account, one.amount));
        });
    }
    return truth_of(books);
}

truth accounts_in(const fs::path& file) {
    truth found;
    snapshot::read_accounts(file, [&found](const posting& each) -> std::optional<std::string> {
        found[each.account] = each;
        return std::nullopt;
    });
    return found;
}

/// Whether no account is further in the one than in the other.
bool none_further(const truth& one, const truth& other) {
    for (const auto& [account, last] : one)
        if (other.at(account).sequence < last.sequence)
            return false;
    return true;
}

/// Lets two threads post, and takes so many snapshots meanwhile.
void post_beside_snapshots(small_ledger& kept, std::uint64_t snapshots) {
    journal::writer journal{kept.books(),
                            kept.log(),
                            {.on_durable = {[] {}, [] {}}, .on_failure = {}, .lane_bytes = 4096}};
    std::atomic<bool> done{false};
    // Something is always posted and durable between this and the cut: it is in the snapshot.
    const auto durable_record = [&] {
        const std::uint64_t found = journal.durable_record();
        while (!done && journal.durable_record() == found)
            std::this_thread::sleep_for(50us);
        return found;
    };
    const auto barrier = [&] { return journal.barrier(); };
    snapshot::snapshotter taker{kept.books(),
                                snapshot::snapshot_directory{kept.where().snapshots()},
                                {1ms, 1000},
                                {kept.log().ledger(), durable_record, barrier, {}}};
    std::array<std::thread, posters> threads;
    for (std::size_t i = 0; i != posters; ++i)
        threads[i] = std::thread{[&, i] { post(kept.books(), journal, i, done); }};
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (taker.taken() < snapshots && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(1ms);
    done = true;
    for (std::thread& one : threads)
        one.join();
    taker.stop();
    REQUIRE(taker.failed() == 0);
    REQUIRE(taker.taken() >= snapshots);
    REQUIRE(journal.stop());
}

}  // namespace

TEST_CASE(
    "marks: every snapshot taken beside postings says the truth of the journal, and leads to "
    "where it ends",
    "[engine]") {
    const captured_log log;
    small_ledger kept{{.segment_bytes = std::uint64_t{4} << 20}};
    post_beside_snapshots(kept, 20);
    const std::string whole = to_text(truth_of(kept.books()));
    std::uint64_t ahead = 0;
    for (const fs::path& file : snapshot::list_snapshots(kept.where().snapshots())) {
        const snapshot::snapshot_info said = snapshot::check_snapshot(file);
        const truth there = accounts_in(file);
        CHECK(none_further(after_record(kept, said.after_record), there));
        CHECK(none_further(there, after_record(kept, said.until_record)));
        // It is the newest there is: those after it are removed by now.
        const recovered found = recover(kept.where(), 0ns, {});
        CHECK(to_text(truth_of(*found.books)) == whole);
        CHECK(found.from.find(file.string()) != std::string::npos);
        ahead += found.skipped;
        fs::remove(file);
    }
    CHECK(ahead > 0);
    CHECK(to_text(truth_of(*recover(kept.where(), 0ns, {}).books)) == whole);
}
