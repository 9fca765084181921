// What snapshots say of the journal, taken while others post through it: true of every one of them.
#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "engine/key_horizon.hpp"
#include "engine/recovery.hpp"
#include "journal/ledger_clock.hpp"
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
using test::kept_in;
using test::small_ledger;
using test::to_text;
using test::truth;
using test::truth_of;

namespace {

constexpr std::size_t posters = 2;

constexpr auto key_ttl = 5ms;

std::uint64_t monotonic_ns() {
    return journal::time_sources::of_system().monotonic_ns();
}

/// A key whose outcome is not known to be durable.
struct kept_key {
    key_store::id key;
    journal::lane_ticket until;
};

/// Deposits with a key that nobody has used, which says when it was before it was asked for.
void deposit_once(coffer::ledger& ledger, journal::lane& lane, key_store& keys,
                  account_number account, money amount, std::string_view name,
                  std::deque<kept_key>& kept) {
    const std::string text = std::to_string(monotonic_ns()) + '-' + std::string{name};
    const journal::request_key key{text, {1, 2}};
    key_store::reservation reserved = keys.reserve(key);
    if (reserved.verdict() != key_store::verdict::fresh)
        return;
    const posting made = ledger.deposit(account, amount).posting;
    kept.push_back({reserved.key(), lane.append(journal::record::of_deposit(made, amount, key))});
    reserved.keep({errc::ok, made.balance}, &lane, kept.back().until);
}

/// Posts through a lane of its own until it is asked to end: deposits, and transfers between
/// accounts that all posters use.
void post(coffer::ledger& ledger, journal::writer& journal, key_store& keys, std::size_t index,
          const std::atomic<bool>& done) {
    journal::lane& lane = journal.lane_at(index);
    std::deque<kept_key> kept;
    for (account_number i = index; !done; ++i) {
        const account_number account = 10001 + i % 9;
        const money amount = money::from_minor(1);
        lane.begin();
        if (journal.accepting() && lane.has_room_for()) {
            if (i % 2 == 0)
                deposit_once(ledger, lane, keys, account, amount,
                             std::to_string(index) + '/' + std::to_string(i), kept);
            else if (const auto made = ledger.transfer(account, 100000, amount))
                lane.append(journal::record::of_transfer(made.from, made.to, amount));
        }
        lane.end();
        for (; !kept.empty() && lane.is_durable(kept.front().until); kept.pop_front())
            keys.note_durable(kept.front().key);
        std::this_thread::yield();
    }
}

/// The accounts as they are after the journal's records up to this one.
truth after_record(small_ledger& kept, std::uint64_t last) {
    coffer::ledger ledger;
    const auto from = kept.store().read()->read_from(1);
    while (const auto batch = from->next()) {
        std::uint64_t number = batch->header.first_record;
        journal::visit_records(*batch, [&](const journal::record& one) {
            if (number++ > last)
                return;
            if (one.kind == journal::record_kind::transfer)
                static_cast<void>(
                    ledger.transfer(one.state.account, one.payee.account, one.amount));
            else if (one.operation == journal::posting_operation::opening)
                static_cast<void>(ledger.open(one.state.account, one.amount));
            else
                static_cast<void>(ledger.deposit(one.state.account, one.amount));
        });
    }
    return truth_of(ledger);
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

/// What was said of the keys at a snapshot.
struct key_mark {
    std::uint64_t now_ns;
    std::uint64_t durable_record;
    std::uint64_t keys_from;
};

/// Lets two threads post, and takes so many snapshots meanwhile.
std::vector<key_mark> post_beside_snapshots(small_ledger& kept, std::uint64_t snapshots) {
    key_store keys{{.time_to_live = key_ttl}, &monotonic_ns};
    key_horizon horizon{1, key_ttl};
    std::vector<key_mark> said;
    journal::writer journal{kept.ledger(),
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
    const auto keys_from = [&](std::uint64_t durable) {
        const key_store::living_keys found = keys.living();
        said.push_back({found.now_ns, durable, horizon.keys_from(durable, found)});
        return said.back().keys_from;
    };
    const auto barrier = [&] { return journal.barrier(); };
    snapshot::snapshotter taker{kept.ledger(),
                                snapshot::snapshot_directory{kept.where().snapshots()},
                                {1ms, 1000},
                                {kept.log().ledger(), durable_record, keys_from, barrier, {}}};
    std::array<std::thread, posters> threads;
    for (std::size_t i = 0; i != posters; ++i)
        threads[i] = std::thread{[&, i] { post(kept.ledger(), journal, keys, i, done); }};
    const auto deadline = std::chrono::steady_clock::now() + 120s;
    while (taker.taken() < snapshots && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(1ms);
    done = true;
    for (std::thread& one : threads)
        one.join();
    taker.stop();
    REQUIRE(taker.failed() == 0);
    REQUIRE(taker.taken() >= snapshots);
    REQUIRE(journal.stop());
    return said;
}

/// How many keys of records before those that it was said to begin with were not over then.
std::size_t count_living_before(small_ledger& kept, const key_mark& said) {
    std::size_t found = 0;
    const auto from = kept.store().read()->read_from(1);
    while (const auto batch = from->next()) {
        std::uint64_t number = batch->header.first_record;
        journal::visit_records(*batch, [&](const journal::record& one) {
            if (number++ >= said.keys_from || one.key.text.empty())
                return;
            const auto before_ns = std::stoull(std::string{one.key.text});
            const auto ttl_ns =
                static_cast<std::uint64_t>(std::chrono::nanoseconds{key_ttl}.count());
            found += before_ns + ttl_ns > said.now_ns;
        });
    }
    return found;
}

}  // namespace

TEST_CASE(
    "marks: every snapshot taken beside postings says the truth of the journal, and leads to "
    "where it ends",
    "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory),
                      {.segment_bytes = std::uint64_t{4} << 20}};
    post_beside_snapshots(kept, 20);
    const std::string whole = to_text(truth_of(kept.ledger()));
    std::uint64_t ahead = 0;
    for (const fs::path& file : snapshot::list_snapshots(kept.where().snapshots())) {
        const snapshot::snapshot_info said = snapshot::check_snapshot(file);
        const truth there = accounts_in(file);
        CHECK(none_further(after_record(kept, said.after_record), there));
        CHECK(none_further(there, after_record(kept, said.until_record)));
        // It is the newest there is: those after it are removed by now.
        const recovered found = kept.recover();
        CHECK(to_text(truth_of(*found.ledger)) == whole);
        CHECK(found.from.find(file.string()) != std::string::npos);
        ahead += found.skipped;
        fs::remove(file);
    }
    CHECK(ahead > 0);
    CHECK(to_text(truth_of(*kept.recover().ledger)) == whole);
}

TEST_CASE("marks: no key that lives is of an earlier record than snapshots beside postings say",
          "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory),
                      {.segment_bytes = std::uint64_t{4} << 20}};
    std::uint64_t last = 1;
    for (const key_mark& said : post_beside_snapshots(kept, 30)) {
        CHECK(count_living_before(kept, said) == 0);
        CHECK(said.keys_from <= said.durable_record + 1);
        CHECK(said.keys_from >= last);
        last = said.keys_from;
    }
    CHECK(last > 1);
}
