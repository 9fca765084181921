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
    local_copy copy{files, 200ms};
    may_sync = false;
    const opening_batch first{end};
    REQUIRE(copy.write(first.view));
    const opening_batch second{first.view.after()};
    CHECK(copy.write(second.view).error == log_errc::failed);
    may_sync = true;  // too late
    CHECK(copy.write(second.view).error == log_errc::failed);
    CHECK(files.tail() == first.view.after());
}

namespace {

/// A disk whose calls hang while they may not answer, and what a copy in it has noticed.
struct hanging_disk {
    memory_log files;
    std::atomic<bool> may_answer{true};
    std::atomic<int> noticed{0};

    [[nodiscard]] auto wait() {
        return [this] {
            while (!may_answer)
                std::this_thread::sleep_for(1ms);
        };
    }
    /// Lets the disk answer, once it was noticed that it does not.
    [[nodiscard]] auto note() {
        return [this] {
            ++noticed;
            may_answer = true;
        };
    }
};

}  // namespace

TEST_CASE("local copy: a write that hangs is noticed beside it, and final", "[replication]") {
    hanging_disk disk;
    disk.files.before_append = disk.wait();
    batch_position end = disk.files.tail();
    local_copy copy{disk.files, 100ms, true, disk.note()};
    disk.may_answer = false;
    const opening_batch one{end};
    CHECK(copy.write(one.view).error == log_errc::failed);  // returns, as note lets it
    CHECK(disk.noticed == 1);
    CHECK(copy.write(one.view).error == log_errc::failed);
    CHECK(copy.synced_record() == 0);
}

TEST_CASE("local copy: making room may take long while there is enough", "[replication]") {
    hanging_disk disk;
    disk.files.before_room = [] { std::this_thread::sleep_for(2s); };
    local_copy copy{disk.files, 100ms, true, disk.note()};
    CHECK(copy.make_room(1));
    CHECK(disk.noticed == 0);
    batch_position end = disk.files.tail();
    CHECK(write_next(copy, end));
}

TEST_CASE("local copy: making room hangs where there is not enough", "[replication]") {
    hanging_disk disk;
    disk.files.room = false;
    disk.files.before_room = disk.wait();
    local_copy copy{disk.files, 100ms, true, disk.note()};
    disk.may_answer = false;
    CHECK(copy.make_room(1).error == log_errc::no_room);
    CHECK(disk.noticed == 1);
    disk.files.room = true;
    batch_position end = disk.files.tail();
    CHECK_FALSE(write_next(copy, end));
}
