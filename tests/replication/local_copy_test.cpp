#include "replication/local_copy.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include "catch.hpp"
#include "replication/one_node.hpp"

using namespace coffer::test;
using namespace std::chrono_literals;
using coffer::journal::batch_position;
using coffer::journal::log_errc;
using coffer::replication::local_copy;

namespace {

constexpr auto patience = 60s;

auto soon() {
    return std::chrono::steady_clock::now() + patience;
}
bool write_next(local_copy& to, batch_position& end) {
    const opening_batch one{end};
    if (!to.write(one.view))
        return false;
    end = one.view.after();
    return true;
}

}  // namespace

TEST_CASE("local copy: is synced behind its writer's back, batch by batch", "[replication]") {
    memory_log files;
    batch_position end = files.tail();
    local_copy copy{files, patience};
    std::atomic<bool> is_done{false};
    std::atomic<bool> has_fallen{false};
    std::thread reader{[&] {
        std::uint64_t before = 0;
        while (!is_done) {
            const std::uint64_t synced = copy.synced_record();
            if (synced < before)
                has_fallen = true;
            before = synced;
        }
    }};
    for (std::uint64_t record = 1; record <= 200; ++record) {
        REQUIRE(write_next(copy, end));
        CHECK(copy.synced_record() + 1 >= record);  // one behind at most
    }
    CHECK(copy.wait_synced(200, soon()));
    is_done = true;
    reader.join();
    CHECK_FALSE(has_fallen);
    CHECK(files.batches().size() == 200);
}

TEST_CASE("local copy: waits for the sync before the next batch, and no longer", "[replication]") {
    memory_log files;
    std::atomic<bool> may_sync{false};
    files.before_durable = [&may_sync] {
        while (!may_sync)
            std::this_thread::sleep_for(1ms);
    };
    batch_position end = files.tail();
    may_sync = true;
    local_copy copy{files, patience};
    may_sync = false;
    REQUIRE(write_next(copy, end));  // returns while the disk hangs
    CHECK(copy.synced_record() == 0);
    CHECK_FALSE(copy.wait_synced(1, std::chrono::steady_clock::now() + 5ms));
    std::thread later{[&may_sync] {
        std::this_thread::sleep_for(10ms);
        may_sync = true;
    }};
    REQUIRE(write_next(copy, end));
    CHECK(copy.synced_record() >= 1);
    later.join();
    CHECK(copy.wait_synced(2, soon()));
}

TEST_CASE("local copy: a disk that fails is final", "[replication]") {
    memory_log files;
    batch_position end = files.tail();
    local_copy copy{files, patience};
    REQUIRE(write_next(copy, end));
    REQUIRE(copy.wait_synced(1, soon()));
    files.sync_fails = true;
    REQUIRE(write_next(copy, end));
    CHECK_FALSE(copy.wait_synced(2, soon()));
    CHECK_FALSE(write_next(copy, end));
    CHECK(copy.synced_record() == 1);
}

TEST_CASE("local copy: a lack of room is not", "[replication]") {
    memory_log files;
    batch_position end = files.tail();
    local_copy copy{files, patience};
    files.room = false;
    const opening_batch one{end};
    CHECK(copy.write(one.view).error == log_errc::no_room);
    files.room = true;
    CHECK(copy.write(one.view));
    CHECK(copy.wait_synced(1, soon()));
}

TEST_CASE("local copy: a disk that hangs for longer than its time-out is final", "[replication]") {
    memory_log files;
    std::atomic<bool> may_sync{true};
    files.before_durable = [&may_sync] {
        while (!may_sync)
            std::this_thread::sleep_for(1ms);
    };
    batch_position end = files.tail();
    local_copy copy{files, 20ms};
    may_sync = false;
    const opening_batch first{end};
    REQUIRE(copy.write(first.view));
    const opening_batch second{first.view.after()};
    CHECK(copy.write(second.view).error == log_errc::failed);
    may_sync = true;  // too late
    CHECK(copy.write(second.view).error == log_errc::failed);
    CHECK(files.tail() == first.view.after());
}
