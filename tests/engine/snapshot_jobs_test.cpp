#include "engine/snapshot_jobs.hpp"

#include <cstdint>
#include <future>
#include <memory>
#include <utility>

#include "catch.hpp"
#include "journal/memory_log.hpp"
#include "journal/scanned_history.hpp"

using coffer::history_job;
using coffer::history_reader;
using coffer::service;
using coffer::snapshot_comparison;

namespace {

std::shared_ptr<snapshot_comparison> comparison_of_nothing() {
    return std::make_shared<snapshot_comparison>(
        snapshot_comparison::take_place(), snapshot_comparison::question{{}, "1.json", "2.json"});
}

/// Holds the reader's thread up.
struct held_job final : history_job {
    explicit held_job(std::future<void> until) : end{std::move(until)} {}
    void read(coffer::journal::history&) override {
        begun.set_value();
        end.get();
    }
    std::promise<void> begun;
    std::future<void> end;
};

}  // namespace

TEST_CASE("snapshot_comparison: there is one at a time, until it is forgotten", "[engine]") {
    snapshot_comparison::place place = snapshot_comparison::take_place();
    REQUIRE(place != nullptr);
    CHECK(snapshot_comparison::take_place() == nullptr);
    auto job = std::make_shared<snapshot_comparison>(
        std::move(place), snapshot_comparison::question{{}, "1.json", "2.json"});
    CHECK(snapshot_comparison::take_place() == nullptr);
    job.reset();
    CHECK(snapshot_comparison::take_place() != nullptr);
}

TEST_CASE("snapshot_comparison: the next one may begin as soon as one has ended", "[engine]") {
    coffer::test::memory_log log;
    coffer::journal::scanned_history past{log};
    history_reader reader{past, [] { return std::uint64_t{0}; }, {.threads = 1}};
    const auto job = comparison_of_nothing();
    std::promise<bool> is_free;
    const auto on_end = [&] { is_free.set_value(snapshot_comparison::take_place() != nullptr); };
    SECTION("with its answer") {
        REQUIRE(reader.ask(job, on_end) == service::done);
        CHECK(is_free.get_future().get());
    }
    SECTION("unread, since the server stops") {
        std::promise<void> end;
        const auto other = std::make_shared<held_job>(end.get_future());
        REQUIRE(reader.ask(other, {}) == service::done);
        other->begun.get_future().get();
        REQUIRE(reader.ask(job, on_end) == service::done);
        reader.begin_to_stop();
        CHECK(job->now() == history_job::outcome::late);
        CHECK(is_free.get_future().get());
        end.set_value();
    }
    CHECK(job->is_done());
}
