// One connection of the generator: its socket, its requests without a reply yet, and its own
// accounts.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/circular_buffer.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "load/expected_balances.hpp"
#include "load/operation.hpp"
#include "load/reply_reader.hpp"
#include "load/skew.hpp"

namespace coffer::load {

class worker;

using tcp_socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// How to end a connection that is to be lost.
struct killing {
    bool abruptly;     ///< with a reset, else with an orderly end
    bool mid_request;  ///< after the first bytes of one more request
};

/// Belongs to one worker and its thread, and lives as long as that: it connects again whenever it
/// is disconnected, until it is finished.
class connection {
public:
    /// With accounts of its own if `own` has any.
    connection(worker& owner, std::optional<expected_balances> own);
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    [[nodiscard]] bool can_send() const noexcept {
        return state_ == state::ready && !under_way_.full() && !moves_;
    }
    /// Whether it is in use, and what it lost the last time has had time to be settled: a server
    /// handles late what it had from a connection that is gone.
    [[nodiscard]] bool can_be_killed(std::int64_t now_ns) const noexcept {
        return state_ == state::ready && now_ns >= rested_ns_;
    }
    [[nodiscard]] bool finished() const noexcept { return state_ == state::finished; }
    [[nodiscard]] expected_balances* own() noexcept { return own_ ? &*own_ : nullptr; }

    /// Renders a request; flush() sends what is rendered.
    void add(const request&);
    void flush();

    /// A place for one of its accounts, or of all, among the run's accounts.
    [[nodiscard]] std::size_t pick_account(random_source&) const noexcept;
    /// The same, of one that is none of `taken`; there must be one.
    [[nodiscard]] std::size_t pick_other(random_source&,
                                         std::initializer_list<std::size_t> taken) const noexcept;
    /// The number of accounts it may pick.
    [[nodiscard]] std::size_t accounts() const noexcept;

    /// Takes one of the holds that it placed, at random, if there are any.
    [[nodiscard]] std::optional<placed_hold> take_hold(random_source&);

    /// To be called every few milliseconds: connects, gives up what takes too long.
    void tick(std::int64_t now_ns);
    /// Loses the connection now, or right behind the next bytes it sends.
    void kill(killing how, bool now);
    /// Finishes if nothing is under way, or at any rate if `at_once`.
    void stop(bool at_once);

    bool listed = false;  ///< in the worker's list of those that can send

private:
    enum class state : std::uint8_t { waiting, connecting, reading_back, pausing, ready, finished };

    void connect(std::int64_t now_ns);
    void connected();
    void become_ready();
    void read_back();
    void decide();
    void wait_to_read();
    void wait_to_write();
    void read();
    [[nodiscard]] bool take_replies(std::string_view bytes);
    void take(const reply&);
    [[nodiscard]] bool take_elsewhere(const reply&);
    void carry_out_kill();
    void disconnect(std::int64_t pause_ns);
    void fail(std::uint64_t& kind);

    worker& owner_;
    tcp_socket socket_;
    std::optional<expected_balances> own_;
    place_picker picker_;
    boost::circular_buffer<request> under_way_;
    std::string unread_;  // the beginning of a reply
    std::string unsent_;
    std::vector<observed_funds> seen_;
    std::vector<placed_hold> holds_;  // open, and not being ended
    std::optional<killing> doomed_;
    std::uint64_t generation_ = 0;  // of the socket: handlers of an older one do nothing
    std::int64_t wake_ns_ = 0;      // when to go on, or to give up
    std::int64_t rested_ns_ = 0;    // when it may be killed again
    unsigned failures_ = 0;
    unsigned read_backs_ = 0;
    state state_ = state::waiting;
    bool writing_ = false;
    bool moves_ = false;  // to another server, once all under way is answered
    boost::asio::ip::tcp::endpoint server_;
};

}  // namespace coffer::load
