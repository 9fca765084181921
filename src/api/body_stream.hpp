// A reply's body that is made piece by piece, as the client takes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "api/error_members.hpp"
#include "api/problem.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// An endpoint makes one and hands it to `reply::stream`; the connection pulls it. All pieces
/// together are the body, so a text may be cut between any two bytes.
/// Thread safety: none; it belongs to the thread of its teller, which also destroys it.
class body_stream {
public:
    enum class state : std::uint8_t {
        more,     ///< call again when there is room, even if this call appended nothing
        waiting,  ///< nothing to send now: call again after more is durable, or at the next tick
        /// The same, but within some 10 ms after anything is durable, whichever worker posted it.
        /// For those that may wait for long, and many of them.
        following,
        resting,  ///< call again when the worker has time: postings go first
        done,     ///< this was the last piece
        failed,   ///< the rest of the body cannot be made: see failure()
    };

    body_stream() = default;
    body_stream(const body_stream&) = delete;
    body_stream& operator=(const body_stream&) = delete;
    virtual ~body_stream() = default;

    /// Appends some of the body to `out`, at most `room_bytes`, and does bounded work. If it
    /// appends nothing, other connections are served before the next call. `room_bytes` is at least
    /// least_room_bytes in a call after one that appended nothing. Called in a turn of the teller:
    /// what it appends may be sent once `teller.due()`, as it is after the call, is durable.
    virtual state pull(teller&, std::size_t room_bytes, std::string& out) = 0;

    /// Why pull returned `failed`. If nothing of the body was sent, the reply becomes the refusal
    /// of this problem; otherwise end_early is called.
    [[nodiscard]] problem failure() const noexcept { return failure_; }
    /// What that refusal has behind its message.
    [[nodiscard]] const error_members& failure_members() const noexcept { return members_; }

    /// Whether the reply's head is sent while the stream is `following` and has appended nothing.
    [[nodiscard]] virtual bool begins_early() const noexcept { return false; }

    /// Whether it goes on for as long as the client reads: then it ends when the client ends its
    /// sending, as one that has gone does.
    [[nodiscard]] virtual bool is_endless() const noexcept { return false; }

    /// After a first piece was sent, the stream has failed or the server stops: appends a last
    /// piece that names the reason. `pull` is not called again. Called outside a turn, and shows no
    /// posting.
    virtual void end_early(problem why, std::string& out) = 0;

    /// How many bytes are left to be sent, if all of them are made already, and durable once the
    /// first one is sent. Then the reply has a Content-Length, a server that stops sends all of it,
    /// and end_early is not called.
    [[nodiscard]] virtual std::optional<std::size_t> known_size() const noexcept { return {}; }

    /// Whether end_early makes a whole body of it, so that it needs no piece sent before.
    [[nodiscard]] virtual bool ends_whole() const noexcept { return false; }

    /// Whether a body that ends early lacks its end, and the connection closes: so that no client
    /// takes a part of a file for all of it.
    [[nodiscard]] virtual bool breaks_off() const noexcept { return false; }

    /// How many bytes of memory it has for what is not sent yet. Called after each pull.
    [[nodiscard]] virtual std::size_t buffered_bytes() const noexcept { return 0; }

    static constexpr std::size_t least_room_bytes = 256;

protected:
    [[nodiscard]] state fail(problem why, const error_members& members = {}) noexcept {
        failure_ = why;
        members_ = members;
        return state::failed;
    }

private:
    problem failure_ = problem::none;
    error_members members_{};
};

}  // namespace coffer::api
