// The driver of one connection: performs the reads, writes, waits and shutdowns that its
// conversation asks for.
//
// Guarantees     An idle connection holds no buffer: it waits for its socket first, and then reads
//                into its worker's buffer.
//                A connection that fails, for want of memory for example, ends alone.
// Invariants     1. At most one wait of each kind (readable, writable, error) is outstanding.
//                2. It is destroyed only when no wait is outstanding, since the handlers refer to
//                   it. Between `close` and that moment it ignores every event.
// Thread safety  None: it belongs to one worker and its thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>

#include "http/admission.hpp"
#include "http/conversation.hpp"
#include "http/listener.hpp"
#include "http/tls_stream.hpp"

namespace coffer::http {

class worker;

/// Each of its public members may destroy it.
class connection final : send_progress {
public:
    using handle = std::list<connection>::iterator;
    using clock = std::chrono::steady_clock;

    /// `owner` and `via` must outlive it.
    connection(worker& owner, const listener& via, stream_socket socket, admission::place place);
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// Begins to serve. `self` is its place in the worker's list.
    void start(handle self) noexcept;

    /// The ticket that it waits for is durable.
    void on_durable() noexcept;
    /// Since when it has waited for the disk, while it does.
    [[nodiscard]] clock::time_point waiting_since() const noexcept {
        return conversation_.waiting_since();
    }
    /// It has waited for the disk for too long.
    void on_overdue() noexcept;
    /// What it waits for by worker::await_change, await_news or await_turn.
    void on_change() noexcept;

    /// Returns whether its deadline had passed.
    bool check_deadline() noexcept;

    /// The server is stopping: answers what has arrived, then closes.
    void drain() noexcept;

private:
    using action = conversation::action;
    enum class awaited : std::uint8_t { nothing, readable, writable, durable, change };
    /// `for_turn` ends when other connections have had theirs.
    enum wait : std::uint8_t { for_reading = 1, for_writing = 2, for_error = 4, for_turn = 8 };

    template <class Event>
    void take_turn(const Event& event) noexcept;
    void perform(action next);
    [[nodiscard]] action read();
    [[nodiscard]] action read_encrypted();
    [[nodiscard]] wait wait_to_read() const noexcept;
    [[nodiscard]] action write(std::string_view bytes);
    [[nodiscard]] std::size_t write_some(std::string_view bytes, boost::system::error_code& error);
    [[nodiscard]] action shut_down();
    void await(awaited what);
    void await_durable(coffer::teller::ticket due);
    void await_change(action::kind how);
    void begin(wait kind);
    void on_wait(wait kind) noexcept;
    [[nodiscard]] bool has_lost_reader() const noexcept;
    [[nodiscard]] int descriptor() const noexcept;
    void close() noexcept;
    [[nodiscard]] std::size_t unacknowledged_bytes() const noexcept override;
    [[nodiscard]] std::string peer_address() const override;

    worker& owner_;
    stream_socket socket_;
    tls_stream tls_;
    const admission::place place_;
    conversation conversation_;
    handle self_;
    std::uint8_t outstanding_ = 0;  // waits
    awaited awaited_ = awaited::nothing;
    bool is_closed_ = false;
};

}  // namespace coffer::http
