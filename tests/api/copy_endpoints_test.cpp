#include "api/copy_endpoints.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/api_under_test.hpp"
#include "api/event_bank.hpp"
#include "catch.hpp"
#include "journal/batch.hpp"

namespace api = coffer::api;
using coffer::test::event_bank;
using coffer::test::refusal_of;
using coffer::test::type_of;
using state = api::body_stream::state;
using numbers = std::vector<std::uint64_t>;

namespace {

constexpr std::array copy_routes{
    api::route{api::method::get, "/admin/journal", &api::copy_journal},
    api::route{api::method::get, "/admin/snapshots/{snapshot}", &api::copy_snapshot}};
constexpr api::route_table copy_table{copy_routes};

/// A bank with the records 1 to 6, a batch each.
struct copied_bank : event_bank {
    explicit copied_bank(const std::filesystem::path& snapshots = {}) : event_bank{1, snapshots} {
        open(1);
        open(2);
        for (int i = 0; i != 4; ++i)
            deposit(1);
    }

    api::reply& get(std::string_view target) {
        api::handle(copy_table, engine.teller_at(0), {api::method::get, target, {}, {}}, reply);
        return reply;
    }
    std::string copy(std::string_view target) {
        const auto stream = get(target).take_stream();
        REQUIRE(stream != nullptr);
        CHECK(reply.content_type() == "application/octet-stream");
        std::string out;
        if (read(*stream, out) == state::failed)
            failed = stream->failure();
        return out;
    }

    api::problem failed = api::problem::none;
};

/// The first records of the batches that a body has, each of which is whole and follows.
numbers batches_in(const std::string& body) {
    numbers found;
    auto left = std::as_bytes(std::span{body});
    for (coffer::journal::batch_position place; !left.empty();) {
        const auto batch = coffer::journal::check_batch(left);
        REQUIRE(batch.error == coffer::journal::batch_error::none);
        if (!found.empty())
            CHECK(check_follows(batch.value.header, place) == coffer::journal::batch_error::none);
        place = batch.value.after();
        found.push_back(batch.value.header.first_record);
        left = left.subspan(batch.value.bytes.size());
    }
    return found;
}

}  // namespace

TEST_CASE("copy_journal: has the batches after a record, up to the last durable one", "[api]") {
    copied_bank one;
    CHECK(batches_in(one.copy("/admin/journal")) == numbers{1, 2, 3, 4, 5, 6});
    CHECK(one.copy("/admin/journal?after=0") == one.copy("/admin/journal"));
    CHECK(batches_in(one.copy("/admin/journal?after=4")) == numbers{5, 6});
    CHECK(one.copy("/admin/journal?after=6").empty());
    CHECK(one.copy("/admin/journal?after=99").empty());
    one.deposit(2);
    CHECK(batches_in(one.copy("/admin/journal?after=6")) == numbers{7});
    CHECK(one.failed == api::problem::none);
}

TEST_CASE("copy_journal: what has been trimmed is refused", "[api]") {
    copied_bank one;
    REQUIRE(one.log->trim(4));
    CHECK(one.copy("/admin/journal?after=1").empty());
    CHECK(one.failed == api::problem::history_trimmed);
}

TEST_CASE("copy_journal: a wrong number is refused by its name", "[api]") {
    copied_bank one;
    for (const std::string after : {"-1", "x", "", "18446744073709551615", "01"}) {
        CAPTURE(after);
        one.get("/admin/journal?after=" + after);
        CHECK(refusal_of(std::string{one.reply.body()}) == "invalid_parameter after");
    }
    coffer::test::api_under_test in_memory;
    CHECK(type_of(in_memory.get("/admin/journal")) == "not_implemented");
    CHECK(type_of(in_memory.get("/admin/snapshots/1.json")) == "not_implemented");
}

TEST_CASE("copy_snapshot: has the bytes of a file, however large, and of no other file", "[api]") {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / "coffer_copy_snapshot_test";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
    const std::string bytes(1'000'000, '\xff');
    std::ofstream{folder / "12.json", std::ios::binary} << bytes;
    std::ofstream{folder / "secret"} << "x";
    copied_bank one{folder};
    CHECK(one.copy("/admin/snapshots/12.json") == bytes);
    CHECK(one.failed == api::problem::none);
    for (const std::string name : {"secret", "13.json", "..%2Fsecret", "%2Fetc%2Fpasswd"}) {
        CAPTURE(name);
        CHECK(one.copy("/admin/snapshots/" + name).empty());
        CHECK(one.failed == api::problem::snapshot_unknown);
    }
    std::filesystem::remove_all(folder);
}

TEST_CASE("copy_snapshot: a file that cannot be sent to its end breaks off", "[api]") {
    copied_bank one;
    CHECK(one.get("/admin/snapshots/12.json").take_stream()->breaks_off());
}
