// A durable ledger whose journal fails, or that cannot be opened.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "catch.hpp"
#include "engine/durable_ledger.hpp"
#include "journal/memory_log.hpp"
#include "snapshot/captured_log.hpp"
#include "snapshot/temporary_directory.hpp"

using namespace std::chrono_literals;
using namespace coffer;
using test::captured_log;
using test::fate;
using test::memory_log;
using test::memory_store;
using test::temporary_directory;

namespace {

constexpr money cent = money::from_minor(1);

/// Waits for as long as it takes.
template <class Condition>
void wait_until(Condition condition) {
    while (!condition())
        std::this_thread::sleep_for(100us);
}

/// A durable ledger in memory, with its engine.
struct fixture {
    explicit fixture(memory_store& in) : store{in} {}

    std::string open(const std::function<void()>& before_open = [] {}) {
        return kept.open(before_open);
    }
    [[nodiscard]] durable_ledger::ending close() {
        return kept.close_by(std::chrono::steady_clock::now() + 20s, 20s);
    }

    /// One request in a turn of its own.
    posting_result deposit(std::size_t index, std::string_view key) {
        coffer::teller& one = opened.teller_at(index);
        coffer::teller::turn turn{one};
        const posting_result made = one.deposit(10001, cent, key);
        turn.end();
        one.announce();
        return made;
    }
    [[nodiscard]] bool is_durable(std::size_t index) {
        return opened.teller_at(index).is_durable(opened.teller_at(index).due());
    }

    memory_store& store;
    temporary_directory place;
    std::atomic<int> failures{0};
    engine opened{engine::options{.tellers = 2}};
    durable_ledger kept{
        opened,
        store,
        place.path() / "snapshots",
        {.checkpoints = {.every = 0ms}, .on_failure = [this](const std::string&) { ++failures; }}};
};

}  // namespace

TEST_CASE("durable ledger: a journal that fails when it is closed is no orderly end", "[engine]") {
    const captured_log log;
    memory_store store;
    fixture one{store};
    one.open();
    const memory_log other{store.batches()};  // takes over
    CHECK(one.close() == durable_ledger::ending::journal_failed);
    CHECK(one.close() == durable_ledger::ending::journal_failed);
    CHECK(one.failures == 1);
    CHECK(one.kept.checkpoints().taken() == 0);
}

TEST_CASE("durable ledger: a server that is only read from ends once another has taken over",
          "[engine][takeover]") {
    const captured_log log;
    memory_store store;
    fixture one{store};
    one.open();
    const memory_log other{store.batches()};
    wait_until([&] { return one.failures == 1; });
    CHECK(one.opened.journal()->failed());
}

TEST_CASE("durable ledger: while an outcome is unknown nothing is acknowledged, nor done twice",
          "[engine]") {
    const captured_log log;
    memory_store store;
    fixture one{store};
    one.open();
    store.batches()->decide_by([] { return fate::request_lost; });
    const posting_result made = one.deposit(0, "k");
    CHECK(made.service == service::done);
    wait_until([&] { return one.opened.journal()->pending_for() > 0ns; });
    CHECK(one.deposit(1, "k").service == service::request_in_progress);
    CHECK_FALSE(one.is_durable(0));
    store.batches()->decide_by({});
    wait_until([&] { return one.is_durable(0); });
    one.opened.teller_at(0).note_durable_keys();
    const posting_result again = one.deposit(1, "k");
    CHECK(again.replayed);
    CHECK(again.outcome.posting.balance == made.outcome.posting.balance);
    CHECK(one.failures == 0);
}

TEST_CASE("durable ledger: the server that takes over answers a key whose answer was lost",
          "[engine][takeover]") {
    const captured_log log;
    memory_store store;
    fixture older{store};
    older.open();
    store.batches()->decide_by([] { return fate::answer_lost; });
    const posting_result made = older.deposit(0, "k");
    wait_until([&] { return store.batches()->end().next_record == 12; });
    store.batches()->decide_by({});
    fixture newer{store};
    newer.open();
    const posting_result again = newer.deposit(0, "k");
    CHECK(again.replayed);
    CHECK(again.outcome.posting.balance == made.outcome.posting.balance);
    CHECK(newer.deposit(0, "other").outcome.posting.sequence == 3);
    wait_until([&] { return newer.is_durable(0) && older.failures == 1; });
}

TEST_CASE("durable ledger: a request that never arrived is done by the server that takes over",
          "[engine][takeover]") {
    const captured_log log;
    memory_store store;
    fixture older{store};
    older.open();
    store.batches()->decide_by([] { return fate::request_lost; });
    older.deposit(0, "k");
    wait_until([&] { return older.opened.journal()->pending_for() > 0ns; });
    fixture newer{store};
    newer.open();  // the older one is shut out, so what it sends now does not arrive
    store.batches()->decide_by({});
    wait_until([&] { return older.failures == 1; });
    CHECK_FALSE(older.is_durable(0));
    const posting_result made = newer.deposit(0, "k");
    CHECK_FALSE(made.replayed);
    CHECK(made.outcome.posting.sequence == 2);
    wait_until([&] { return newer.is_durable(0); });
}

TEST_CASE("durable ledger: what cannot be opened is refused before clients are served",
          "[engine]") {
    /// A store whose log keeps too little room for any teller.
    class narrow_store : public memory_store {
    public:
        [[nodiscard]] std::unique_ptr<journal::batch_log> open(
            const journal::batch_position&) override {
            class narrow_log : public memory_log {
            public:
                using memory_log::memory_log;
                [[nodiscard]] std::size_t max_room_bytes() const noexcept override {
                    return max_batch_bytes() + 4096;
                }
            };
            return std::make_unique<narrow_log>(batches());
        }
    };
    const captured_log log;
    bool is_announced = false;
    SECTION("a log with too little room") {
        narrow_store store;
        fixture one{store};
        CHECK_THROWS_AS(one.open([&] { is_announced = true; }), std::invalid_argument);
        CHECK_FALSE(one.opened.is_open());
    }
    SECTION("a directory that can take no snapshots") {
        memory_store store;
        fixture one{store};
        // Nothing is there when it is looked for snapshots, and it cannot be made afterwards.
        std::filesystem::create_symlink(one.place.path() / "missing" / "directory",
                                        one.place.path() / "snapshots");
        CHECK_THROWS_AS(one.open([&] { is_announced = true; }), std::runtime_error);
        CHECK_FALSE(one.opened.is_open());
    }
    CHECK_FALSE(is_announced);
}
