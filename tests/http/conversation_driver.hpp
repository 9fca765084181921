// Drives a conversation without a socket: what it writes goes to a string.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "catch.hpp"
#include "engine/engine.hpp"
#include "engine/held_log.hpp"
#include "engine/initial_accounts.hpp"
#include "http/conversation.hpp"
#include "http/reply_writer.hpp"
#include "http/session_driver.hpp"
#include "http/worker.hpp"

namespace coffer::http {

/// What the conversations of a worker share, with a journal whose batches become durable when the
/// test opens `held`, or without a journal.
class conversation_bench {
public:
    static constexpr struct with_journal {
    } durable{};

    explicit conversation_bench(const limits& allowed = {},
                                const api::route_table& table = api::product_table)
        : common{allowed}, routes{table} {
        engine.open(initial_accounts::sample().open_in_memory());
        prepare();
    }
    explicit conversation_bench(with_journal, const limits& allowed = {},
                                const api::route_table& table = api::product_table,
                                std::chrono::milliseconds disk_timeout = std::chrono::hours{1})
        : common{allowed}, routes{table} {
        auto opened = coffer::test::log_behind(held);
        log = opened.get();
        coffer::engine::journal_options chosen;
        chosen.disk_timeout = disk_timeout;
        engine.open(initial_accounts::sample().open_in_memory(), std::move(opened),
                    std::move(chosen));
        prepare();
    }
    ~conversation_bench() {
        held.open();
        static_cast<void>(engine.close());
    }

    /// Lets the journal make durable all that was posted, and waits for it.
    void make_durable() {
        context.session.teller.announce();
        held.open();
        REQUIRE(engine.journal()->barrier());
    }
    /// Stops the server: everything is to end within so many ticks.
    void begin_drain(tick within = 5) { context.drained_by = context.now + within; }

    [[nodiscard]] std::int64_t balance_minor(account_number number) const {
        return engine.ledger().balance(number).posting.balance.minor();
    }

    test::gate held;
    test::memory_log* log = nullptr;
    coffer::engine engine{coffer::engine::options{}};
    commons common;
    const api::route_table& routes;
    conversation_context context{
        {engine.teller_at(0), std::string{session_driver::date}, {}, common.limits, routes},
        common.buffered,
        common.handshakes};

private:
    void prepare() {
        context.output.reserve(common.limits.output_bytes + most_short_reply_bytes);
        context.session.undurable.reserve(teller::most_a_turn);
    }
};

/// One client of them.
class conversation_driver : public send_progress {
public:
    using kind = conversation::action::kind;

    explicit conversation_driver(conversation_bench& bench,
                                 admission::place::kind place = admission::place::kind::admitted)
        : bench_{bench}, talk{bench.context, *this, place} {}
    virtual ~conversation_driver() = default;

    void start() { perform(talk.start()); }
    /// The client sends this, in one piece.
    void receive(std::string_view bytes) {
        REQUIRE(waits == kind::read);
        perform(talk.on_bytes(bytes));
    }
    /// The client sends this before the conversation looks for it.
    void send_ahead(std::string_view bytes) { ahead_ = bytes; }
    void become_writable() {
        REQUIRE(waits == kind::wait_writable);
        perform(talk.on_writable());
    }
    /// Reports that the ticket is durable, which it is.
    void become_durable() {
        REQUIRE(waits == kind::wait_durable);
        REQUIRE(bench_.context.session.teller.is_durable(due));
        perform(talk.on_durable());
    }
    /// Reports that something changed: more is durable, or a tick has passed.
    void change() {
        REQUIRE(waits == kind::wait_change);
        perform(talk.on_change());
    }
    void be_overdue() {
        REQUIRE(waits == kind::wait_durable);
        perform(talk.on_overdue());
    }
    /// So many ticks pass.
    void pass(tick ticks) {
        for (tick i = 0; i != ticks && waits != kind::close; ++i) {
            ++bench_.context.now;
            perform(talk.on_tick());
        }
    }
    void drain() { perform(talk.on_drain()); }
    /// The socket has nothing more, or a part of an encrypted record.
    void read_nothing() { perform(talk.on_nothing()); }
    /// The handshake of TLS has come so far.
    void shake_hands() { perform(talk.on_handshake()); }
    void fail_handshake() { perform(talk.on_failed_handshake()); }
    /// The client speaks HTTP where TLS is due.
    void miss_tls() { perform(talk.on_missing_tls()); }

    /// What was written since the last call.
    std::string replies() { return std::exchange(written_, {}); }

    [[nodiscard]] std::size_t unacknowledged_bytes() const noexcept override {
        return unacknowledged;
    }

    kind waits = kind::none;       ///< what the conversation waits for
    teller::ticket due = 0;        ///< of wait_durable
    std::size_t takes = SIZE_MAX;  ///< how many bytes the socket takes in all
    std::size_t unacknowledged = 0;
    std::size_t largest_write = 0;
    bool shut_down = false;

private:
    void perform(conversation::action next) {
        for (;;) {
            switch (next.what) {
                case kind::none:
                    return;
                case kind::read_now:
                    next = ahead_.empty() ? talk.on_nothing()
                                          : talk.on_bytes(std::exchange(ahead_, {}));
                    break;
                case kind::write:
                    next = talk.on_sent(take(next.bytes));
                    break;
                case kind::shut_down:
                    shut_down = true;
                    next = talk.on_shut_down();
                    break;
                default:
                    waits = next.what;
                    due = next.due;
                    return;
            }
        }
    }
    std::size_t take(std::string_view bytes) {
        const std::size_t count = std::min(bytes.size(), takes);
        written_ += bytes.substr(0, count);
        takes -= takes == SIZE_MAX ? 0 : count;
        largest_write = std::max(largest_write, bytes.size());
        return count;
    }

    conversation_bench& bench_;
    std::string written_;
    std::string ahead_;

public:
    conversation talk;
};

}  // namespace coffer::http
