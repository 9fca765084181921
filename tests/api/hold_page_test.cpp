#include "api/hold_page.hpp"

#include <boost/json/parse.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "api/account_page.hpp"
#include "api/hold_endpoints.hpp"
#include "catch.hpp"
#include "engine/engine.hpp"
#include "engine/held_log.hpp"
#include "ops/hold_id_text.hpp"

using coffer::account_number;
using coffer::engine;
using coffer::hold_id;
using coffer::money;
using coffer::teller;
using coffer::api::body_stream;
using coffer::api::hold_page;
using coffer::api::problem;
using state = body_stream::state;
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr money one_cent = money::from_minor(1);

/// An engine with accounts 1 and 2, and a journal whose postings become durable while the gate is
/// open, or none.
class bank {
public:
    bank() { engine_.open(make_ledger()); }
    explicit bank(std::chrono::milliseconds disk_timeout) {
        engine::journal_options chosen;
        chosen.disk_timeout = disk_timeout;
        engine_.open(make_ledger(), coffer::test::log_behind(gate), std::move(chosen));
    }
    ~bank() { gate.open(); }

    /// Places a hold of a cent in a turn of its own.
    hold_id place(account_number account = 1) {
        const teller::turn turn{at()};
        const auto made = at().place_hold(account, one_cent, std::nullopt, {});
        REQUIRE(made.is_done());
        return made.hold.id;
    }
    void release(const hold_id& id) {
        const teller::turn turn{at()};
        REQUIRE(at().release_hold(1, id, {}).is_done());
    }
    state pull(body_stream& from, std::string& out) {
        const teller::turn turn{at()};
        const state now = from.pull(at(), 256 * 1024, out);
        at().announce();
        return now;
    }
    /// The ids on a page, with its `next` behind them.
    std::vector<std::string> read(body_stream& page) {
        std::string body;
        while (pull(page, body) != state::done) {
        }
        const json::value data = json::parse(body).at("data");
        std::vector<std::string> ids;
        for (const json::value& one : data.at("holds").as_array())
            ids.emplace_back(one.at("hold").as_string());
        ids.push_back(data.at("next").is_null() ? "" : data.at("next").as_string().c_str());
        return ids;
    }
    std::vector<std::string> read(std::size_t limit, const hold_id& after = {}) {
        const auto page = hold_page::make(1, limit, after);
        REQUIRE(page != nullptr);
        return read(*page);
    }
    teller& at() { return engine_.teller_at(0); }
    coffer::ledger& ledger() { return engine_.ledger(); }

    coffer::test::gate gate;

private:
    static std::unique_ptr<coffer::ledger> make_ledger() {
        auto made = std::make_unique<coffer::ledger>();
        for (account_number i = 1; i <= 2; ++i)
            REQUIRE(made->restore({i, 1, money::from_minor(1'000'000)}));
        return made;
    }

    engine engine_{engine::options{}};
};

std::string text_of(const hold_id& id) {
    std::string text;
    coffer::append_hold_id(text, id);
    return text;
}

using ids = std::vector<std::string>;

}  // namespace

TEST_CASE("hold_page: has the open holds of the account, the oldest first", "[api]") {
    bank one;
    CHECK(one.read(10) == ids{""});
    const hold_id first = one.place();
    const hold_id ended = one.place();
    one.place(2);
    const hold_id third = one.place();
    one.release(ended);
    // The next takes its slot, so that the slots have another order than the ages.
    REQUIRE(one.ledger().forget_hold(1, ended));
    const hold_id last = one.place();
    REQUIRE(last.slot < third.slot);
    CHECK(one.read(10) == ids{text_of(first), text_of(third), text_of(last), ""});
    CHECK(one.read(2) == ids{text_of(first), text_of(third), text_of(third)});
    CHECK(one.read(2, third) == ids{text_of(last), ""});
    one.release(one.place());
    CHECK(one.read(3) == ids{text_of(first), text_of(third), text_of(last), ""});
    // One that is not there any more still stands for its place.
    CHECK(one.read(1, ended) == ids{text_of(third), text_of(third)});
    CHECK(one.read(2, last) == ids{""});
}

TEST_CASE("hold_page: a hold that ends before it is read is left out", "[api]") {
    bank one;
    const hold_id first = one.place();
    const hold_id second = one.place();
    const auto page = hold_page::make(1, 10, {});
    std::string body;
    CHECK(one.pull(*page, body) == state::more);  // all are found
    one.release(first);
    CHECK(one.read(*page) == ids{text_of(second), ""});
}

TEST_CASE("hold_page: looks through a large table in short steps", "[api]") {
    bank one;
    for (int i = 0; i != 60'000; ++i)
        one.place(2);
    const hold_id own = one.place();
    const auto page = hold_page::make(1, 10, {});
    std::string body;
    int silent = 0;
    while (one.pull(*page, body) == state::more && body.empty())
        ++silent;
    CHECK(silent > 4);
    CHECK(body.find(text_of(own)) != std::string::npos);
}

TEST_CASE("hold_page: counts among the pages that look through a table", "[api]") {
    std::vector<std::unique_ptr<body_stream>> pages;
    for (std::size_t i = 0; i != hold_page::max_scans; i += 2) {
        pages.push_back(hold_page::make(1, 1, {}));
        pages.push_back(coffer::api::account_page::make(1, 0));
    }
    CHECK(pages.back() != nullptr);
    CHECK(hold_page::make(1, 1, {}) == nullptr);
    CHECK(coffer::api::account_page::make(1, 0) == nullptr);
    pages.pop_back();
    CHECK(hold_page::make(1, 1, {}) != nullptr);
}

TEST_CASE("hold_page: is sent once every posting that it shows is durable", "[api]") {
    bank one{5s};
    const hold_id own = one.place();
    const auto page = hold_page::make(1, 10, {});
    std::string body;
    while (one.pull(*page, body) == state::more)
        CHECK(body.empty());
    CHECK(one.pull(*page, body) == state::waiting);
    CHECK(body.empty());
    one.gate.open();
    while (one.pull(*page, body) != state::done)
        std::this_thread::sleep_for(100us);
    CHECK(body.find(text_of(own)) != std::string::npos);
}

TEST_CASE("hold_page: fails before anything was sent when the disk hangs", "[api]") {
    bank one{20ms};
    one.place();
    const auto page = hold_page::make(1, 10, {});
    std::string body;
    state now = state::more;
    while (now == state::more || now == state::waiting) {
        now = one.pull(*page, body);
        one.at().check_disk();
    }
    CHECK(now == state::failed);
    CHECK(page->failure() == problem::disk_hangs);
    CHECK(body.empty());
}
