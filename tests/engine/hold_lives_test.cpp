// Holds over several lives of a server.
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "catch.hpp"
#include "engine/durable_ledger.hpp"
#include "engine/engine.hpp"
#include "engine/hold_clerk.hpp"
#include "engine/result_text.hpp"
#include "small_ledger.hpp"
#include "snapshot/captured_log.hpp"

using namespace std::chrono_literals;
using namespace coffer;
using test::kept_in;
using test::to_text;

namespace {

constexpr money cent = money::from_minor(1);

/// A life that forgets holds as soon as they have ended, and whose clerk works when it is asked to.
class life {
public:
    life(journal::log_store& store, const std::filesystem::path& snapshots,
         std::size_t most_ended = 0)
        : engine_{{.ended_holds = most_ended}},
          kept_{engine_, store, snapshots, {.checkpoints = {.every = 0ms}, .on_failure = {}}},
          clerk_{engine_} {
        kept_.open([] {});
    }
    ~life() { static_cast<void>(kept_.close_by(std::chrono::steady_clock::now() + 20s, 20s)); }

    template <class Ask>
    auto ask(const Ask& what) {
        teller& one = engine_.teller_at(0);
        teller::turn turn{one};
        const auto answer = what(one);
        turn.end();
        one.announce();
        while (!one.is_durable(one.due()))
            std::this_thread::sleep_for(100us);
        one.note_durable_keys();
        return answer;
    }
    hold_result place(account_number account,
                      std::optional<std::chrono::nanoseconds> expires_in = {},
                      std::string_view key = {}) {
        return ask([&](teller& t) { return t.place_hold(account, cent, expires_in, key); });
    }
    hold_result find(account_number account, hold_id id) {
        return ask([&](teller& t) { return t.find_hold(account, id); });
    }
    void work() {
        while (clerk_.work() < 10ms)
            ;
    }
    [[nodiscard]] const coffer::ledger& ledger() { return engine_.ledger(); }

private:
    engine engine_;
    durable_ledger kept_;
    hold_clerk clerk_;
};

}  // namespace

TEST_CASE(
    "durable ledger: holds are as they were in the next life, from a snapshot or from the "
    "journal alone",
    "[engine]") {
    const bool from_snapshot = GENERATE(true, false);
    const auto kind = GENERATE(kept_in::files, kept_in::memory);
    const test::captured_log log;
    const test::temporary_directory place;
    const data_directory where{place.path()};
    const auto store = test::store_in(
        kind, where, {.segment_bytes = std::uint64_t{16} << 20, .least_bytes = 1 << 20});
    hold_id used_again{};
    hold_id captured{};
    hold_result lasting;
    hold_result short_one;
    std::string ended;
    {
        life first{*store, where.snapshots()};
        // Its slot is used again for a hold of another account.
        const hold_result forgotten = first.place(10001);
        REQUIRE(first.ask([&](teller& t) { return t.release_hold(10001, forgotten.hold.id, {}); })
                    .is_done());
        first.work();
        lasting = first.place(10002, {}, "lasting");
        CHECK(lasting.hold.id.slot == forgotten.hold.id.slot);
        used_again = forgotten.hold.id;
        short_one = first.place(10003, 1ns);
        captured = first.place(10003).hold.id;
        ended = to_text(
            first.ask([&](teller& t) { return t.capture_hold(10003, captured, {}, "captured"); }));
        REQUIRE(
            first.ask([](teller& t) { return t.withdraw(10004, money::from_minor(400'000), {}); })
                .outcome);
        REQUIRE(first.ask([](teller& t) { return t.close_account(10004, {}); }).is_done());
    }
    if (!from_snapshot)
        std::filesystem::remove_all(where.snapshots());
    life second{*store, where.snapshots()};
    CHECK(to_text(second.find(10002, lasting.hold.id)) == to_text(lasting));
    CHECK(second.find(10001, used_again).error == errc::no_such_hold);
    CHECK(to_text(second.place(10002, {}, "lasting")) == to_text(lasting));
    CHECK(second.ask([](teller& t) { return t.account(10004); }).account.status ==
          account_status::closed);
    CHECK(second.find(10003, short_one.hold.id).hold.status == hold_status::held);
    second.work();
    // Expired, and forgotten like all that has ended once that is durable.
    while (second.ledger().holds() != 1)
        second.work();
    CHECK(second.find(10003, short_one.hold.id).error == errc::no_such_hold);
    // What was forgotten is still repeated.
    const hold_result again =
        second.ask([&](teller& t) { return t.capture_hold(10003, captured, {}, "captured"); });
    CHECK(again.replayed);
    CHECK(to_text(again) == ended);
}
