// A durable ledger whose journal fails, or that cannot be opened.
#include <atomic>
#include <chrono>
#include <string>

#include "catch.hpp"
#include "engine/durable_ledger.hpp"
#include "journal/memory_log.hpp"
#include "snapshot/captured_log.hpp"
#include "snapshot/temporary_directory.hpp"

using namespace std::chrono_literals;
using namespace coffer;
using test::captured_log;
using test::memory_log;
using test::memory_store;
using test::temporary_directory;

namespace {

/// A durable ledger in memory, with its engine.
struct fixture {
    explicit fixture(memory_store& in) : store{in} {}

    std::string open(const std::function<void()>& before_open = [] {}) {
        return kept.open(before_open);
    }
    [[nodiscard]] durable_ledger::ending close() {
        return kept.close_by(std::chrono::steady_clock::now() + 20s, 20s);
    }

    memory_store& store;
    temporary_directory place;
    std::atomic<int> failures{0};
    engine opened{engine::options{}};
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
