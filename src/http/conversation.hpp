// The state machine of one HTTP connection: decides what to read, write and wait for.
//
// It performs no I/O, and has no clock but to measure how long replies took: its driver, a
// connection, reports events (bytes read, bytes written, a ticket durable, a tick) and performs the
// action that each event returns.
//
// Guarantees     Replies leave in the order of their requests. A reply that reports a posting or a
//                balance is handed out to be written only once what it reports is durable; if the
//                disk does not answer in time, 503 is written in its place.
//                No more than limits::output_bytes of replies wait for one client, and nothing more
//                is read from a client while replies to it are unsent.
// Invariants     1. Each event is allowed in the states that its comment names, and nowhere else.
//                2. `unsent_` is empty but in the states flushing and holding.
//                3. What is handed out to be written does not depend on a ticket that is not
//                   durable.
//                A violation of 1 or 3 aborts the process, in release builds too.
// Thread safety  None: a conversation and its context belong to one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/teller.hpp"
#include "http/admission.hpp"
#include "http/buffered_bytes.hpp"
#include "http/reply_notes.hpp"
#include "http/session.hpp"

namespace coffer::http {

/// Time as a worker counts it, by one timer: whole seconds since it began.
using tick = std::int64_t;

/// The first tick at which `wait` has passed for certain, whenever within tick `now` it began.
[[nodiscard]] constexpr tick tick_after(tick now, std::chrono::seconds wait) noexcept {
    return now + wait.count() + 1;
}

/// What the conversations of one worker share.
struct conversation_context {
    session_context session;
    buffered_total& buffered;
    buffered_total& handshakes;
    std::string output{};  ///< what the conversation whose turn it is writes
    tick now = 0;          ///< counted by the driver
    tick drained_by = never;
    std::chrono::steady_clock::time_point (*clock)() = &std::chrono::steady_clock::now;

    [[nodiscard]] bool draining() const noexcept { return drained_by != never; }
    static constexpr tick never = std::numeric_limits<tick>::max();
};

/// The facts about its socket that a conversation asks for.
class send_progress {
public:
    /// How many of the bytes written the client's system has not acknowledged.
    [[nodiscard]] virtual std::size_t unacknowledged_bytes() const noexcept = 0;
    /// The client's address, for the access log. Throws std::bad_alloc.
    [[nodiscard]] virtual std::string peer_address() const { return {}; }

protected:
    ~send_progress() = default;
};

class conversation {
public:
    /// What the driver does next.
    struct action {
        enum class kind : std::uint8_t {
            none,           ///< go on waiting for what it waits for
            read,           ///< wait until the socket is readable, then read
            read_now,       ///< read without waiting: on_bytes, on_nothing or on_end_of_file
            write,          ///< write as many of `bytes` as the socket takes: on_sent
            wait_writable,  ///< wait until the socket is writable: on_writable
            wait_durable,   ///< wait until `due` is durable: on_durable; or too long: on_overdue
            // Each of these until on_change, and at most until the next tick:
            wait_change,  ///< wait until a posting of this worker is durable
            wait_news,    ///< wait until any posting is durable, for some 10 ms longer
            wait_turn,    ///< wait until the worker has time beside its postings
            shut_down,    ///< end the sending direction: on_shut_down
            close,        ///< close the socket; no event follows
        };
        kind what = kind::none;
        std::string_view bytes{};        ///< stay valid until on_sent
        coffer::teller::ticket due = 0;  ///< later than that of any wait before it
    };

    conversation(conversation_context& context, const send_progress& progress,
                 admission::place::kind place,
                 const api::listener_facts& via = session::any_listener,
                 std::uint64_t from_peer = 0) noexcept;
    conversation(const conversation&) = delete;
    conversation& operator=(const conversation&) = delete;

    // Events. Those that answer requests throw std::bad_alloc: see after_failure.

    /// The first event.
    [[nodiscard]] action start();
    /// While it reads: the client has sent this.
    [[nodiscard]] action on_bytes(std::string_view bytes);
    /// While it reads: there is nothing to read yet.
    [[nodiscard]] action on_nothing();
    /// While it reads: the client will send no more, and all that it sent has been read.
    [[nodiscard]] action on_end_of_file() noexcept;
    // In place of these three, where the bytes are encrypted:
    /// The client's whole ClientHello is there. Returns whether the handshake may begin: it takes
    /// memory from then on. Otherwise the socket is closed.
    [[nodiscard]] bool may_begin_handshake() noexcept;
    /// The ClientHello has arrived in part, or the handshake is under way.
    [[nodiscard]] action on_handshake();
    /// It has failed, and the client has an alert.
    [[nodiscard]] action on_failed_handshake() noexcept;
    /// The client speaks HTTP where TLS is due: it is answered without.
    [[nodiscard]] action on_missing_tls();
    /// After action write: the socket took the first `count` of the bytes.
    [[nodiscard]] action on_sent(std::size_t count);
    /// After action wait_writable.
    [[nodiscard]] action on_writable();
    /// After action wait_durable: its ticket is durable.
    [[nodiscard]] action on_durable();
    /// After action wait_durable: the disk has not answered in time.
    [[nodiscard]] action on_overdue();
    /// After action wait_change, wait_news or wait_turn.
    [[nodiscard]] action on_change();
    /// After those: whether they are for a client that is gone once it has ended its sending.
    [[nodiscard]] bool is_endless() const noexcept { return session_.is_endless(); }
    /// After action shut_down.
    [[nodiscard]] action on_shut_down() noexcept;
    /// At any time: the context's tick has risen. Any action but none means that a deadline passed.
    [[nodiscard]] action on_tick();
    /// At any time: the server stops, and the context's `drained_by` is set.
    [[nodiscard]] action on_drain();

    /// Since when it has waited for the disk, while a request is not answered; else the epoch.
    [[nodiscard]] std::chrono::steady_clock::time_point waiting_since() const noexcept {
        return waiting_since_;
    }

    /// After an event threw: the replies to what was posted in it, if they may be written. All that
    /// is left to do then is to close.
    [[nodiscard]] std::string_view after_failure() const noexcept;

private:
    using time_point = std::chrono::steady_clock::time_point;
    using duration = std::chrono::nanoseconds;

    enum class state : std::uint8_t {
        reading,    // waits for bytes
        refusing,   // has no place, and reads once to find a request to refuse
        serving,    // answers requests
        sending,    // what is in the context's output is being written
        flushing,   // the socket did not take all: `unsent_` is the rest
        yielding,   // whole requests are left, and it is the others' turn
        holding,    // the replies in `unsent_` wait for what they report to be durable
        stalled,    // a request waits for room in the teller's lane
        idling,     // a stream, or a sink of lines, has nothing to do until something changes
        shutting,   // action shut_down was returned
        lingering,  // the sending direction has ended: reads and discards
        closed,
    };

    [[nodiscard]] action serve(std::string_view bytes);
    [[nodiscard]] coffer::teller::ticket feed(std::string_view bytes);
    [[nodiscard]] std::size_t most_requests() const noexcept;
    [[nodiscard]] action hold(coffer::teller::ticket due);
    [[nodiscard]] action write_output();
    [[nodiscard]] action write_unsent() noexcept;
    [[nodiscard]] action write_held(bool is_overdue);
    void begin_output() noexcept;
    void count_sent(std::span<const undurable_reply> those, bool is_overdue) noexcept;
    void measure(std::uint32_t replies) noexcept;
    static void put_timings(const std::vector<reply_note>& notes, duration ledger, duration disk,
                            std::string& out) noexcept;
    void log(std::vector<reply_note>& notes, duration took,
             std::span<const undurable_reply> replaced) noexcept;
    [[nodiscard]] request_figures& figures() noexcept { return context_.session.figures; }
    [[nodiscard]] action keep_unsent(std::size_t sent);
    [[nodiscard]] action after_writing();
    [[nodiscard]] action wait_for(coffer::teller::ticket due) noexcept;
    [[nodiscard]] action refuse_at_once();
    void begin_idle() noexcept;
    void time_handshake() noexcept;
    void end_handshake() noexcept;
    [[nodiscard]] action linger(std::size_t bytes) noexcept;
    [[nodiscard]] action part() noexcept;
    [[nodiscard]] action finish() noexcept;
    [[nodiscard]] action close() noexcept;
    [[nodiscard]] action on_read_deadline();
    [[nodiscard]] action on_write_deadline() noexcept;
    void replace_undurable();
    void write_refusal(const undurable_reply& one, std::string_view request_id, std::string& out);
    void refuse_for_memory();
    void count_buffered() noexcept;
    void set_deadline(std::chrono::seconds patience) noexcept;
    void set_phase_deadline() noexcept;
    void expect_progress() noexcept;
    [[nodiscard]] bool is_done() const noexcept;
    [[nodiscard]] const http::limits& limits() const noexcept { return context_.session.limits; }
    [[nodiscard]] coffer::teller& teller() const noexcept { return context_.session.teller; }

    conversation_context& context_;
    const send_progress& progress_;
    buffered_share buffered_;
    buffered_share handshake_;
    session session_;
    std::string unfinished_;                  // the beginning of a request
    std::string unsent_;                      // replies
    std::vector<undurable_reply> undurable_;  // of those in `unsent_`
    coffer::teller::ticket unsent_due_ = 0;   // what they depend on
    // What the replies in `unsent_`, while they are held, have left to do; mostly nothing.
    std::unique_ptr<std::vector<reply_note>> notes_;
    time_point read_at_{};        // what is answered now
    time_point waiting_since_{};  // for the disk; or the epoch
    tick deadline_ = 0;
    std::size_t unacknowledged_ = 0;  // as last seen to fall
    std::size_t lingered_bytes_ = 0;
    std::uint32_t held_replies_ = 0;
    state state_ = state::reading;
    bool is_shaking_hands_ = false;
    const admission::place::kind place_;
};

}  // namespace coffer::http
