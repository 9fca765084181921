#include "engine/durable_ledger.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "engine/first_start.hpp"
#include "journal/memory_log.hpp"
#include "small_ledger.hpp"
#include "snapshot/captured_log.hpp"

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using namespace coffer;
using coffer::test::Contains;
using test::captured_log;
using test::fate;
using test::kept_in;
using test::memory_store;
using test::temporary_directory;

namespace {

constexpr money cent = money::from_minor(1);

/// One life of a server without its front end.
class life {
public:
    explicit life(journal::log_store& store, const fs::path& snapshots)
        : kept_{engine_,
                store,
                snapshots,
                {.checkpoints = {.every = 0ms},
                 .on_failure = [this](const std::string&) { failed_ = true; }}} {
        from_ = kept_.open([] {});
    }
    ~life() { static_cast<void>(close()); }

    /// One request in a turn of its own.
    posting_result deposit(std::size_t teller, account_number account, money amount,
                           std::string_view key) {
        coffer::teller& one = engine_.teller_at(teller);
        coffer::teller::turn turn{one};
        const posting_result made = one.deposit(account, amount, key);
        turn.end();
        one.announce();
        return made;
    }
    [[nodiscard]] coffer::teller& teller(std::size_t index) { return engine_.teller_at(index); }
    [[nodiscard]] money balance(account_number account) {
        return engine_.ledger().balance(account).posting.balance;
    }
    [[nodiscard]] bool has_failed() const { return failed_; }
    [[nodiscard]] const std::string& from() const { return from_; }
    /// Unlike its address, no other life has it.
    [[nodiscard]] std::uint64_t number() const { return number_; }
    [[nodiscard]] durable_ledger::ending close() {
        return kept_.close_by(std::chrono::steady_clock::now() + 20s, 20s);
    }
    [[nodiscard]] durable_ledger& kept() { return kept_; }

private:
    static inline std::uint64_t last_number_ = 0;
    const std::uint64_t number_ = ++last_number_;
    std::atomic<bool> failed_{false};
    engine engine_{engine::options{.tellers = 2}};
    durable_ledger kept_;
    std::string from_;
};

/// Waits for as long as it takes.
void wait_until_durable(life& one, std::size_t teller) {
    while (!one.teller(teller).is_durable(one.teller(teller).latest()))
        std::this_thread::sleep_for(100us);
    one.teller(teller).note_durable_keys();
}

}  // namespace

TEST_CASE("durable ledger: a first start opens the accounts, and the next start finds them",
          "[engine]") {
    const auto kind = GENERATE(kept_in::files, kept_in::memory);
    const captured_log log;
    const temporary_directory place;
    const data_directory where{place.path()};
    const auto store = test::store_in(
        kind, where, {.segment_bytes = std::uint64_t{16} << 20, .least_bytes = 1 << 20});
    {
        life first{*store, where.snapshots()};
        CHECK(first.from() == "the sample accounts");
        CHECK(first.deposit(0, 10001, cent, "k").outcome.posting.sequence == 2);
        wait_until_durable(first, 0);
        CHECK(first.close() == durable_ledger::ending::done);
        CHECK(first.kept().checkpoints().taken() == 1);
        CHECK(first.kept().checkpoints().last_was_taken());
    }
    life second{*store, where.snapshots()};
    CHECK_THAT(second.from(), Contains("1.json and 11 records of the journal"));
    CHECK(second.balance(10001) == money::from_minor(100'001));
    const posting_result again = second.deposit(1, 10001, cent, "k");
    CHECK(again.replayed);
    CHECK(again.outcome.posting.balance == money::from_minor(100'001));
    CHECK(second.deposit(1, 10001, cent, {}).outcome.posting.sequence == 3);
}

TEST_CASE("durable ledger: a start does not open what another writer has gone on with",
          "[engine]") {
    /// Another writer appends just after the log was read.
    class overtaken_store : public memory_store {
    public:
        [[nodiscard]] std::unique_ptr<journal::batch_log> open(
            const journal::batch_position& end) override {
            test::memory_log other{batches()};
            journal::batch_builder closing;
            static_cast<void>(other.append(closing.seal(other.tail(), {})));
            static_cast<void>(other.wait_durable());
            return memory_store::open(end);
        }
    };
    const captured_log log;
    const temporary_directory place;
    overtaken_store store;
    engine engine{engine::options{}};
    durable_ledger kept{engine, store, place.path() / "snapshots", {}};
    CHECK_THROWS_AS(kept.open([] {}), journal::journal_error);
    CHECK_FALSE(engine.is_open());
    CHECK(kept.close_by(std::chrono::steady_clock::now(), 1s) == durable_ledger::ending::done);
}

namespace {

/// Clients that repeat a request, with its key, until it is acknowledged.
class clients {
public:
    static constexpr account_number accounts = 3;
    static constexpr std::size_t count = 12;

    explicit clients(std::uint64_t seed) : random_{seed} {
        for (client& one : all_)
            renew(one);
    }

    [[nodiscard]] std::mt19937_64& random() { return random_; }
    [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
    [[nodiscard]] money expected(account_number account) const {
        return money::from_minor(sums_[account - 10001] +
                                 static_cast<std::int64_t>(account - 10000) * 1000'00);
    }

    /// A client sends its request, and looks whether it is acknowledged.
    void send_one(life& to) { send(all_[random_() % count], to); }

    /// All send and wait until all are acknowledged.
    void finish(life& at) {
        for (client& one : all_)
            for (const std::uint64_t before = acknowledged_; acknowledged_ == before;) {
                send(one, at);
                wait_until_durable(at, one.teller);
                look(one, at);
            }
    }

private:
    struct client {
        std::string key;
        account_number account = 0;
        std::int64_t amount = 0;
        std::size_t teller = 0;
        std::uint64_t life = 0;  // which was asked last; 0: none
        teller::ticket due = 0;
    };

    void renew(client& one) {
        one = {"request-" + std::to_string(++requests_), 10001 + random_() % accounts,
               static_cast<std::int64_t>(1 + random_() % 1000), random_() % 2};
    }

    void send(client& one, life& to) {
        to.teller(one.teller).note_durable_keys();
        look(one, to);
        const posting_result made =
            to.deposit(one.teller, one.account, money::from_minor(one.amount), one.key);
        if (made.service == service::request_in_progress)
            return;
        one.life = 0;
        if (made.service != service::done)
            return;
        REQUIRE(made.outcome.error == errc::ok);
        one.life = to.number();
        one.due = to.teller(one.teller).due();
        look(one, to);
    }

    void look(client& one, life& at) {
        if (one.life != at.number() || !at.teller(one.teller).is_durable(one.due))
            return;
        ++acknowledged_;
        sums_[one.account - 10001] += one.amount;
        renew(one);
    }

    std::mt19937_64 random_;
    std::uint64_t requests_ = 0;
    std::uint64_t acknowledged_ = 0;
    std::int64_t sums_[accounts] = {};
    client all_[count];
};

/// Opens again if the older life appends between the reading and the opening.
std::unique_ptr<life> next_life(journal::log_store& store, const fs::path& snapshots) {
    for (;;) {
        try {
            return std::make_unique<life>(store, snapshots);
        } catch (const journal::journal_error&) {
            std::this_thread::yield();
        }
    }
}

}  // namespace

TEST_CASE(
    "durable ledger: each request is done once, whatever answers are lost and "
    "whichever server takes over",
    "[engine][takeover]") {
    const captured_log log;
    std::uint64_t acknowledged = 0;
    int failures = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        INFO("seed " << seed);
        const temporary_directory place;
        const fs::path snapshots = place.path() / "snapshots";
        memory_store store;
        begin_journal(store, snapshots, initial_accounts::sample());
        test::memory_batches& batches = *store.batches();
        batches.fences = seed % 2 == 0;
        batches.decide_by([random = std::mt19937_64{seed}]() mutable {
            const auto drawn = random() % 20;
            return drawn < 16   ? fate::arrives
                   : drawn < 18 ? fate::answer_lost
                   : drawn < 19 ? fate::request_lost
                                : fate::delayed;
        });
        clients all{seed};
        std::unique_ptr<life> older;
        std::unique_ptr<life> newer = next_life(store, snapshots);
        for (int lives = 0; lives != 8;) {
            for (std::uint64_t i = all.random()() % 60; i != 0; --i) {
                all.send_one(older && all.random()() % 4 == 0 ? *older : *newer);
                if (all.random()() % 8 == 0)
                    batches.deliver();
                if (all.random()() % 4 == 0)
                    std::this_thread::sleep_for(200us);
            }
            if (!newer->has_failed() && all.random()() % 2 != 0)
                continue;
            failures += newer->has_failed() ? 1 : 0;
            older.reset();
            older = std::exchange(newer, nullptr);
            newer = next_life(store, snapshots);
            ++lives;
        }
        older.reset();
        newer.reset();
        batches.decide_by({});
        life last{store, snapshots};
        all.finish(last);
        for (account_number account = 10001; account != 10001 + clients::accounts; ++account)
            CHECK(last.balance(account) == all.expected(account));
        acknowledged += all.acknowledged();
    }
    WARN(acknowledged << " acknowledged, " << failures << " lives ended by a takeover");
    CHECK(acknowledged > 1'000);
}
