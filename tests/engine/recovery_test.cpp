#include "engine/recovery.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "journal/journal_error.hpp"
#include "small_ledger.hpp"
#include "snapshot/captured_log.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using namespace coffer;
using Catch::Matchers::StartsWith;
using coffer::test::Contains;
using test::captured_log;
using test::kept_in;
using test::read_file;
using test::small_ledger;
using test::to_text;
using test::truth_of;
using test::write_file;

namespace {

/// What recovery says of a journal that it refuses.
std::string refusal(const small_ledger& kept) {
    try {
        return "recovered " + kept.recover().from;
    } catch (const std::runtime_error& refused) {
        return refused.what();
    }
}

/// Changes a byte in the middle of a file.
void damage(const fs::path& file) {
    std::string text = read_file(file);
    text[text.size() / 2] ^= 1;
    write_file(file, text);
}

}  // namespace

TEST_CASE("recovery: without a snapshot the journal alone is the whole truth", "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    kept.post_much(100);
    const recovered found = kept.recover();
    CHECK(to_text(truth_of(*found.ledger)) == to_text(truth_of(kept.ledger())));
    CHECK(found.records == 110);
    CHECK(found.skipped == 0);
    CHECK(found.last_record == 110);
    CHECK(found.journal_id == kept.log().ledger());
    CHECK(found.from == "from 110 records of the journal");
    CHECK_THAT(log.text(), StartsWith("info recovered 10 accounts from 110 records"));
}

TEST_CASE("recovery: what is recovered is known to be durable", "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    kept.deposit(10001, 1);
    kept.commit();
    kept.take_snapshot();
    kept.deposit(10002, 1);
    kept.commit();
    const recovered found = kept.recover();
    CHECK(found.ledger->durable_sequence(10001) == 2);
    CHECK(found.ledger->durable_sequence(10002) == 2);
    CHECK(found.ledger->durable_sequence(10003) == 1);
}

TEST_CASE("recovery: the newest snapshot is followed by what the journal has had since",
          "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    kept.post_much(50);
    kept.take_snapshot();
    kept.post_much(200);
    kept.take_snapshot();
    kept.post_much(25);
    REQUIRE(kept.pieces().size() >= 2);
    const recovered found = kept.recover();
    CHECK(to_text(truth_of(*found.ledger)) == to_text(truth_of(kept.ledger())));
    CHECK(found.skipped == 0);
    CHECK(found.last_record == 285);
    // Whole batches: the one that the snapshot ends with is not read again.
    CHECK(found.records == 25);
    CHECK(found.from ==
          "from " + kept.snapshot_file(2).string() + " and 25 records of the journal");
}

TEST_CASE("recovery: what a snapshot has beyond what was durable before it is skipped",
          "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    kept.post_much(50);
    kept.take_snapshot([&kept] { kept.post_much(30); });
    kept.post_much(20);
    const recovered found = kept.recover();
    CHECK(to_text(truth_of(*found.ledger)) == to_text(truth_of(kept.ledger())));
    CHECK(found.records == 50);
    CHECK(found.skipped == 30);
}

TEST_CASE("recovery: changes nothing", "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    kept.post_much(50);
    kept.take_snapshot();
    write_file(kept.where().snapshots() / ".9.json.tmp", "half a snap");
    const auto content = [&kept] {
        std::string all;
        for (const auto& each : fs::recursive_directory_iterator{kept.where().path()})
            all += each.path().string() +
                   (each.is_regular_file() ? read_file(each.path()) : std::string{});
        return all;
    };
    const std::string before = content();
    CHECK(kept.recover().ledger->size() == 10);
    CHECK(content() == before);
}

TEST_CASE("recovery: a snapshot that fails its check is named, and the one before it used",
          "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    kept.post_much(50);
    kept.take_snapshot();
    kept.post_much(50);
    kept.take_snapshot();
    kept.post_much(50);
    damage(kept.snapshot_file(2));
    const recovered found = kept.recover();
    CHECK(to_text(truth_of(*found.ledger)) == to_text(truth_of(kept.ledger())));
    CHECK(found.records == 100);
    CHECK_THAT(found.from, StartsWith("from " + kept.snapshot_file(1).string()));
    CHECK_THAT(log.text(), StartsWith("warning a snapshot is passed over: " +
                                      kept.snapshot_file(2).string() + ": is damaged: "));

    damage(kept.snapshot_file(1));
    const recovered without = kept.recover();
    CHECK(to_text(truth_of(*without.ledger)) == to_text(truth_of(kept.ledger())));
    CHECK(without.records == 160);
}

TEST_CASE("recovery: a snapshot of a version that kept no journal is passed over", "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    kept.post_much(10);
    fs::create_directory(kept.where().snapshots());
    write_file(kept.snapshot_file(7),
               "{\"format\":1,\"number\":7,\"taken_at\":\"2026-11-23T15:00:00Z\",\"accounts\":[\n"
               "{\"account_number\":\"10001\",\"balance\":1.0,\"sequence\":1}\n"
               "],\"count\":1,\"total\":1.0}\n");
    const recovered found = kept.recover();
    CHECK(to_text(truth_of(*found.ledger)) == to_text(truth_of(kept.ledger())));
    CHECK_THAT(log.text(), Contains("7.json, offset 11: the snapshot is of format 1, and this "
                                    "version of coffer reads 2 to 3"));
}

TEST_CASE("recovery: a journal that ends before what a snapshot covers is refused", "[engine]") {
    const captured_log log;
    small_ledger kept;
    kept.post_much(200);
    kept.take_snapshot([&kept] { kept.post_much(100); });
    const std::vector<fs::path> segments = kept.segments();
    REQUIRE(segments.size() >= 3);
    fs::remove(segments.back());
    CHECK_THAT(refusal(kept),
               StartsWith(kept.where().journal().string()) && Contains("ends with record ") &&
                   Contains(", but " + kept.snapshot_file(1).string() +
                            " has postings up to record 310: the end of the journal is lost"));
}

TEST_CASE("recovery: a journal that begins after what is needed is refused", "[engine]") {
    const captured_log log;
    small_ledger kept;
    kept.post_much(300);
    REQUIRE(kept.segments().size() >= 3);
    const fs::path first = kept.segments()[0];
    const fs::path second = kept.segments()[1];
    const std::string lost = read_file(first);
    SECTION("no snapshot covers what is gone") {
        fs::remove(first);
        CHECK_THAT(refusal(kept),
                   StartsWith(second.string() + ": the journal begins here, and record 1 is"));
    }
    SECTION("one does") {
        kept.take_snapshot();
        fs::remove(first);
        const recovered found = kept.recover();
        CHECK(to_text(truth_of(*found.ledger)) == to_text(truth_of(kept.ledger())));
    }
    SECTION("the only one that does is damaged") {
        kept.take_snapshot();
        fs::remove(first);
        damage(kept.snapshot_file(1));
        CHECK_THAT(refusal(kept),
                   StartsWith(second.string() + ": the journal begins here, and record 1 is"));
        CHECK_THAT(log.text(), Contains("a snapshot is passed over: "));
    }
}

TEST_CASE("recovery: a snapshot of another ledger than the journal is refused", "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    small_ledger other;
    other.take_snapshot();
    fs::copy(other.where().snapshots(), kept.where().snapshots());
    CHECK(refusal(kept) ==
          kept.snapshot_file(1).string() + ": is of another ledger than the journal");
}

TEST_CASE("recovery: where there is no journal there is nothing to recover", "[engine]") {
    const captured_log log;
    small_ledger kept;
    kept.take_snapshot();
    const fs::path journal = kept.where().journal();
    fs::remove_all(journal);
    CHECK_THAT(refusal(kept), StartsWith(journal.string()) && Contains("cannot be listed"));
    fs::create_directory(journal);
    CHECK(refusal(kept) == (journal / "").string() + ": there is no segment of a journal here");
}

TEST_CASE("recovery: damage to the journal is refused with the file and the offset", "[engine]") {
    const captured_log log;
    small_ledger kept;
    kept.post_much(60);
    kept.commit();
    const fs::path first = kept.segments()[0];
    std::string text = read_file(first);
    text[4096 + 100] ^= 1;
    write_file(first, text);
    CHECK_THAT(refusal(kept), StartsWith(first.string() + ", offset 4096: "));
}

TEST_CASE("recovery: what a crash left half written is reported and left out", "[engine]") {
    const captured_log log;
    small_ledger kept;
    kept.post_much(20);
    const std::string before = to_text(truth_of(kept.ledger()));
    const fs::path file = kept.segments().back();
    const std::string durable = read_file(file);
    for (int i = 0; i != 30; ++i)
        kept.deposit(10001, 1);
    kept.commit();
    // The last of its sectors was never written.
    std::string torn = read_file(file);
    const std::size_t end = torn.find_last_not_of('\0') + 1;
    const std::size_t sector = (end - 1) / 512 * 512;
    REQUIRE(durable.find_last_not_of('\0') < sector);
    std::fill(torn.begin() + static_cast<std::ptrdiff_t>(sector), torn.end(), '\0');
    write_file(file, torn);

    const recovered found = kept.recover();
    CHECK(to_text(truth_of(*found.ledger)) == before);
    CHECK(found.last_record == 30);
    CHECK_THAT(log.text(), StartsWith("warning " + file.string() + ", offset ") &&
                               Contains("was never acknowledged and is cut off"));
    CHECK(read_file(file) == torn);
}

TEST_CASE("recovery: keys that are young enough are found, whatever the snapshot covers",
          "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    std::vector<std::string> posted;
    // A key an hour, for more than a day and three segments.
    while (kept.pieces().size() < 4 || posted.size() < 30) {
        posted.push_back("hour-" + std::to_string(posted.size()));
        kept.deposit(10001, 1, posted.back());
        kept.commit(1h);
    }
    kept.take_snapshot();
    const auto hours = posted.size();
    const auto found_with = [&](std::chrono::nanoseconds ttl) {
        std::vector<std::string> found;
        const recovered ledger = kept.recover(
            ttl, [&](const journal::record& one, const journal::batch_stamp&, std::uint64_t) {
                if (!one.key.text.empty())
                    found.emplace_back(one.key.text);
            });
        CHECK(to_text(truth_of(*ledger.ledger)) == to_text(truth_of(kept.ledger())));
        return found;
    };
    for (const std::size_t ttl :
         {std::size_t{0}, std::size_t{1}, hours / 2, hours - 1, 2 * hours}) {
        const std::vector<std::string> found = found_with(std::chrono::hours{ttl});
        // All of the last hours, perhaps some before them, in their order.
        const std::size_t young = std::min(ttl, hours);
        REQUIRE(found.size() >= young);
        CHECK(std::equal(found.rbegin(), found.rend(), posted.rbegin()));
        if (ttl == 0)
            CHECK(found.empty());
        if (ttl == 1)
            CHECK(found.size() < hours);
    }
}

TEST_CASE("recovery: each key is passed on with its running time", "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    kept.commit(5h);
    const auto before = kept.now();
    kept.deposit(10001, 1, "first");
    kept.commit(1h);
    kept.deposit(10001, 1, "second");
    kept.commit(1h);
    std::vector<std::pair<std::string, std::uint64_t>> found;
    static_cast<void>(kept.recover(
        1h, [&found](const journal::record& one, const journal::batch_stamp& of, std::uint64_t) {
            if (!one.key.text.empty())
                found.emplace_back(one.key.text, of.running_ns);
        }));
    const auto after = [before](std::chrono::hours hours) {
        return static_cast<std::uint64_t>((before + hours).count());
    };
    CHECK(found == std::vector<std::pair<std::string, std::uint64_t>>{{"first", after(1h)},
                                                                      {"second", after(2h)}});
}

TEST_CASE("recovery: what is before the keys that a snapshot says are remembered is not read",
          "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    for (int i = 0; i != 100; ++i) {
        kept.deposit(10001, 1, "key-" + std::to_string(i));
        kept.commit(1s);
    }
    const std::uint64_t last = kept.last_record();
    // Their number, and from which record on they have to be read.
    const auto read_with = [&](std::uint64_t keys_from, std::chrono::nanoseconds key_ttl = 24h) {
        kept.take_snapshot({}, keys_from);
        std::uint64_t keys = 0;
        const recovered found =
            kept.recover(key_ttl, [&keys](const journal::record& one, const journal::batch_stamp&,
                                          std::uint64_t) { keys += !one.key.text.empty(); });
        CHECK(to_text(truth_of(*found.ledger)) == to_text(truth_of(kept.ledger())));
        return std::pair{keys, found.keys_from};
    };
    using pair = std::pair<std::uint64_t, std::uint64_t>;
    CHECK(read_with(1) == pair{100, 1});
    CHECK(read_with(last - 9) == pair{10, last - 9});
    CHECK(read_with(last + 1) == pair{0, last + 1});
    // Where the time to live alone says so, they are in the last segments.
    const auto young = read_with(1, 1s);
    CHECK(young.second > 1);
    CHECK(young.first == last + 1 - young.second);
    CHECK(read_with(last, 1s) == pair{1, last});
    // What the snapshot has not is read in any case.
    kept.deposit(10001, 1, "one-more");
    kept.commit(1s);
    const auto since = kept.recover(
        24h, [](const journal::record&, const journal::batch_stamp&, std::uint64_t) {});
    CHECK(since.records == 2);
    CHECK(since.last_record == last + 1);
}
