// Starts that are asked to stop.
#include "ops/stopping.hpp"

#include "catch.hpp"
#include "engine/first_start.hpp"
#include "engine/recovery.hpp"
#include "small_ledger.hpp"
#include "snapshot/captured_log.hpp"

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using namespace coffer;
using test::captured_log;
using test::kept_in;
using test::small_ledger;
using test::small_segments;
using test::temporary_directory;
using test::write_file;

namespace {

/// Asks every start to stop, while it lives.
class stop_request {
public:
    stop_request() { stopping::request(); }
    stop_request(const stop_request&) = delete;
    stop_request& operator=(const stop_request&) = delete;
    ~stop_request() { stopping::withdraw(); }
};

}  // namespace

TEST_CASE("stopping: a recovery ends while it reads the journal", "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    kept.post_much(100);
    {
        const stop_request asked;
        CHECK_THROWS_AS(kept.recover(), stopping::stopped);
    }
    CHECK(kept.recover().records == 110);
}

TEST_CASE("stopping: a recovery ends while it reads a snapshot, and takes no older one",
          "[engine]") {
    const captured_log log;
    small_ledger kept{GENERATE(kept_in::files, kept_in::memory)};
    kept.post_much(10);
    kept.take_snapshot();
    kept.post_much(10);
    kept.take_snapshot();
    const stop_request asked;
    CHECK_THROWS_AS(kept.recover(), stopping::stopped);
    CHECK(log.text().find("passed over") == std::string::npos);
}

TEST_CASE("stopping: a first start leaves nothing", "[engine]") {
    const auto kind = GENERATE(kept_in::files, kept_in::memory);
    const temporary_directory place;
    const data_directory where{place.path()};
    const auto store = test::store_in(kind, where, small_segments);
    const fs::path file = place.path() / "accounts.json";
    write_file(file, R"({"accounts":[{"account_number":"7","balance":1.5}]})");
    {
        const stop_request asked;
        for (const auto& accounts : {initial_accounts::sample(), initial_accounts::none(),
                                     initial_accounts::from_file(file)})
            CHECK_THROWS_AS(begin_journal(*store, where.snapshots(), accounts), stopping::stopped);
        CHECK(!store->has_log());
        CHECK(!fs::exists(place.path() / "journal.new"));
    }
    begin_journal(*store, where.snapshots(), initial_accounts::from_file(file));
    CHECK(store->has_log());
}
