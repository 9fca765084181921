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
    small_ledger kept;
    kept.post_much(100);
    {
        const stop_request asked;
        CHECK_THROWS_AS(recover(kept.where(), 0ns, {}), stopping::stopped);
    }
    CHECK(recover(kept.where(), 0ns, {}).records == 110);
}

TEST_CASE("stopping: a recovery ends while it reads a snapshot, and takes no older one",
          "[engine]") {
    const captured_log log;
    small_ledger kept;
    kept.post_much(10);
    kept.take_snapshot();
    kept.post_much(10);
    kept.take_snapshot();
    const stop_request asked;
    CHECK_THROWS_AS(recover(kept.where(), 0ns, {}), stopping::stopped);
    CHECK(log.text().find("passed over") == std::string::npos);
}

TEST_CASE("stopping: a first start leaves nothing", "[engine]") {
    const temporary_directory place;
    const data_directory where{place.path()};
    const fs::path accounts = place.path() / "accounts.json";
    write_file(accounts, R"({"accounts":[{"account_number":"7","balance":1.5}]})");
    {
        const stop_request asked;
        CHECK_THROWS_AS(begin_journal(where, first_accounts::sample, small_segments),
                        stopping::stopped);
        CHECK_THROWS_AS(begin_journal(where, first_accounts::none, small_segments),
                        stopping::stopped);
        CHECK_THROWS_AS(begin_journal(where, accounts, small_segments), stopping::stopped);
        CHECK(!has_journal(where));
        CHECK(!fs::exists(where.new_journal()));
    }
    begin_journal(where, accounts, small_segments);
    CHECK(has_journal(where));
}
