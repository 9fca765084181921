#include "engine/checkpointing.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <thread>

#include "catch.hpp"
#include "engine/durable_ledger.hpp"
#include "engine/engine.hpp"
#include "journal/memory_log.hpp"
#include "snapshot/captured_log.hpp"
#include "snapshot/temporary_directory.hpp"

using namespace std::chrono_literals;
using namespace coffer;
using test::captured_log;
using test::memory_store;
using test::temporary_directory;

namespace {

constexpr money cent = money::from_minor(1);
constexpr std::uint64_t openings = 10;  // of the sample accounts

/// One life of a server on a store: opened by its constructor, ended in order by its destructor.
class life {
public:
    life(memory_store& store, const std::filesystem::path& snapshots,
         const checkpointing::options& chosen)
        : kept_{opened_, store, snapshots, {.checkpoints = chosen}} {
        kept_.open([] {});
    }
    ~life() {
        CHECK(kept_.close_by(std::chrono::steady_clock::now() + 20s, 20s) ==
              durable_ledger::ending::done);
        CHECK(kept_.checkpoints().last_was_taken());
        CHECK(kept_.checkpoints().failed() == 0);
    }

    /// One deposit of a cent, in a batch of its own: waits until it is durable.
    posting_result deposit(std::string_view key = {}) {
        coffer::teller& one = opened_.teller_at(0);
        coffer::teller::turn turn{one};
        const posting_result made = one.deposit(10001, cent, key);
        turn.end();
        one.announce();
        while (!one.is_durable(one.due()))
            std::this_thread::sleep_for(100us);
        one.note_durable_keys();
        return made;
    }
    [[nodiscard]] const checkpointing& checkpoints() const { return kept_.checkpoints(); }

private:
    engine opened_{engine::options{}};
    durable_ledger kept_;
};

std::uint64_t first_record_in(memory_store& store) {
    return store.read()->first_record();
}

const checkpointing::options only_at_the_end{.every = 0ms, .keep = 1, .retain = 0ns};

}  // namespace

TEST_CASE("checkpointing: the last checkpoint trims the journal to what a living key needs",
          "[engine]") {
    const captured_log log;
    const temporary_directory place;
    memory_store store;
    {
        life first{store, place.path() / "snapshots", only_at_the_end};
        for (int i = 0; i != 20; ++i)
            REQUIRE(first.deposit().service == service::done);
        REQUIRE(first_record_in(store) == 1);
    }
    // Twenty postings later nothing of the first half is needed any more.
    CHECK(first_record_in(store) > openings + 10);
    const std::uint64_t with_key = openings + 21;
    {
        life second{store, place.path() / "snapshots", only_at_the_end};
        REQUIRE(second.deposit("kept").outcome.posting.sequence == 22);
        for (int i = 0; i != 20; ++i)
            REQUIRE(second.deposit().service == service::done);
    }
    CHECK(first_record_in(store) <= with_key);
    life third{store, place.path() / "snapshots", only_at_the_end};
    const posting_result again = third.deposit("kept");
    CHECK(again.replayed);
    CHECK(again.outcome.posting.balance == money::from_minor(1000'00 + 21));
}

TEST_CASE("checkpointing: nothing is trimmed where no age is given", "[engine]") {
    const captured_log log;
    const temporary_directory place;
    memory_store store;
    {
        life one{store, place.path() / "snapshots", {.every = 0ms, .keep = 1}};
        for (int i = 0; i != 20; ++i)
            REQUIRE(one.deposit().service == service::done);
    }
    CHECK(first_record_in(store) == 1);
}

TEST_CASE("checkpointing: checkpoints are taken and trim while postings go on", "[engine]") {
    const captured_log log;
    const temporary_directory place;
    memory_store store;
    life one{store, place.path() / "snapshots", {.every = 1ms, .keep = 1, .retain = 0ns}};
    while (one.checkpoints().taken() < 3 || first_record_in(store) <= openings)
        REQUIRE(one.deposit().service == service::done);
}
