// An engine with a journal in memory whose history can be read, and readers of its events.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "api/event_list.hpp"
#include "api/posting_watch.hpp"
#include "api/router.hpp"
#include "catch.hpp"
#include "engine/engine.hpp"
#include "journal/memory_log.hpp"
#include "journal/scanned_history.hpp"

namespace coffer::test {

inline constexpr std::array event_routes{
    api::route{api::method::get, "/events", &api::list_events}};
inline constexpr api::route_table event_table{event_routes};

class event_bank {
public:
    using state = api::body_stream::state;
    static constexpr std::size_t ample = std::size_t{256} << 10;

    explicit event_bank(std::size_t tellers = 1, const std::filesystem::path& snapshots = {})
        : engine{engine::options{.tellers = tellers}} {
        for (std::size_t i = 0; i != tellers; ++i)
            engine.teller_at(i).on_durable([] {});
        auto made = std::make_unique<memory_log>();
        log = made.get();
        coffer::engine::journal_options chosen;
        chosen.history = std::make_unique<journal::scanned_history>(*made);
        chosen.snapshots = snapshots;
        engine.open(std::make_unique<ledger>(), std::move(made), std::move(chosen));
    }
    ~event_bank() { static_cast<void>(reply.take_stream()); }

    /// Opens an account, a record; durable afterwards.
    void open(account_number one, std::int64_t minor = 100'000) {
        post([&](teller& by) { return by.open_account(one, money::from_minor(minor), {}).error; });
    }
    void deposit(account_number to, std::size_t by = 0) {
        post([&](teller& at) { return at.deposit(to, money::from_minor(100), {}).outcome.error; },
             by);
    }
    /// A record that is no event.
    void be_refused(account_number from, std::string_view key) {
        const auto ask = [&](teller& by) {
            return by.withdraw(from, money::from_minor(1'000'000'000), key).outcome.error;
        };
        REQUIRE(in_turn(ask, 0) == errc::insufficient_funds);
    }
    template <class Operation>
    void post(const Operation& operation, std::size_t by = 0) {
        REQUIRE(in_turn(operation, by) == errc::ok);
    }

    api::reply& ask(std::string_view target, std::string_view accept = {},
                    std::string_view last_event_id = {}) {
        api::request asked{api::method::get, target, {}, {}};
        asked.accept = accept;
        asked.last_event_id = last_event_id;
        const teller::turn turn{engine.teller_at(0)};
        api::handle(event_table, engine.teller_at(0), asked, reply);
        return reply;
    }
    std::unique_ptr<api::body_stream> stream(std::string_view target, std::string_view accept,
                                             std::string_view last_event_id = {}) {
        auto made = ask(target, accept, last_event_id).take_stream();
        REQUIRE(made != nullptr);
        CHECK(reply.status() == 200);
        return made;
    }
    std::unique_ptr<api::body_stream> lines(std::string_view target) {
        return stream(target, "application/x-ndjson");
    }

    state pull(api::body_stream& from, std::string& out, std::size_t room_bytes = ample) {
        const std::size_t before = out.size();
        const teller::turn turn{engine.teller_at(0)};
        const state now = from.pull(engine.teller_at(0), room_bytes, out);
        CHECK(out.size() <= before + room_bytes);
        if (now != state::more)
            std::this_thread::yield();
        return now;
    }
    /// Pulls until the stream has nothing more to send, or ends; within a minute. A stream that
    /// makes way for postings says that it follows while it waits, so that it counts only later.
    state read(api::body_stream& from, std::string& out, std::size_t room_bytes = ample) {
        using clock = std::chrono::steady_clock;
        state now = pull(from, out, room_bytes);
        const auto begin = clock::now();
        for (bool counts = false; now != state::done && now != state::failed;) {
            if (counts && now == state::following)
                break;
            counts = clock::now() - begin > api::posting_watch::busy_after_posting;
            REQUIRE(clock::now() - begin < std::chrono::minutes{1});
            now = pull(from, out, room_bytes);
        }
        return now;
    }
    std::string page(std::string_view target) {
        const auto made = stream(target, {});
        CHECK(reply.content_type() == "application/json");
        std::string body;
        while (read(*made, body) == state::following)
            ;
        return body;
    }

    coffer::engine engine;
    memory_log* log = nullptr;
    api::reply reply;

private:
    template <class Operation>
    errc in_turn(const Operation& operation, std::size_t by) {
        teller& at = engine.teller_at(by);
        teller::turn turn{at};
        const errc made = operation(at);
        turn.end();
        at.announce();
        REQUIRE(engine.journal()->barrier());
        return made;
    }
};

}  // namespace coffer::test
