// Turns the bytes that a client sends into replies, request by request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/reply.hpp"
#include "api/routes.hpp"
#include "engine/teller.hpp"
#include "http/chunked_body.hpp"
#include "http/head_scanner.hpp"
#include "http/limits.hpp"
#include "http/line_body.hpp"
#include "http/request_head.hpp"
#include "http/streamed_body.hpp"

namespace coffer::http {

/// A reply among others that a crash can still take back: it reports what is not durable.
struct undurable_reply {
    std::uint32_t offset;  ///< where it begins among the replies, in bytes
    std::uint32_t bytes;
    api::problem instead;  ///< what the client is to know if the disk does not answer in time
    bool without_body;     ///< these three as in reply_framing
    bool close;
    bool keep_alive;
    bool is_stream;  ///< it is the last, and a stream or a piece of one: see replace_stream
};

/// What the sessions of one thread share.
struct session_context {
    coffer::teller& teller;
    std::string date;  ///< the Date field's value, kept current by the driver
    api::reply reply;  ///< the reply in the making
    const http::limits& limits = default_limits;
    const api::route_table& routes = api::product_table;
    /// Of the replies of the last turn. The caller of `feed` clears it, and has reserved room for
    /// as many as it asks for, so that no reply to a posting is lost for want of memory.
    std::vector<undurable_reply> undurable{};
};

/// Thread safety: none; a session and its context belong to one thread.
class session {
public:
    /// What the client is to do next, each with a deadline of its own.
    enum class phase : std::uint8_t {
        idle,
        head,
        body,
        streaming,  ///< to take a reply whose body is made piece by piece
        closing,
    };

    explicit session(session_context& shared) noexcept : shared_{shared} {}

    /// Answers every request that `bytes` holds the whole of, in order, by appending to `out`, up
    /// to `most_requests` or until `out` has the limit's bytes. Returns how many bytes that took
    /// from the front; the rest, if any, is due again at the front of the next call's bytes. After
    /// phase `closing` nothing is taken.
    [[nodiscard]] std::size_t feed(std::string_view bytes, std::string& out,
                                   std::size_t most_requests);
    [[nodiscard]] std::size_t feed(std::string_view bytes, std::string& out) {
        return feed(bytes, out, shared_.limits.requests_per_wake);
    }

    /// Whether the last feed stopped at a limit, in a stream or after one: what it left may hold
    /// whole requests.
    [[nodiscard]] bool has_more() const noexcept { return has_more_; }

    /// Whether the last feed stopped at a request that cannot be put on record before more of what
    /// the teller did is durable: it is the first of what is left.
    [[nodiscard]] bool waits_for_teller() const noexcept { return waits_for_teller_; }

    /// Whether to stop at such a request, as it does at first, or to refuse it.
    void wait_for_teller(bool patient) noexcept { is_patient_ = patient; }

    /// Whether the last feed stopped in a stream that has nothing to send before more is durable or
    /// the next tick.
    [[nodiscard]] bool waits_for_change() const noexcept { return waits_for_change_; }

    /// What is to be durable before the last feed's replies may be sent, as the teller says.
    [[nodiscard]] teller::ticket due() const noexcept { return due_; }

    /// Whether the last feed took lines of a body that is taken line by line.
    [[nodiscard]] bool took_lines() const noexcept { return took_lines_; }

    /// The stream, or the piece of it, that the last feed appended must not be sent, since the disk
    /// has not answered in time: appends what is sent instead, and ends the stream.
    void replace_stream(const undurable_reply& piece, std::string& out);

    [[nodiscard]] phase now() const noexcept { return phase_; }

    /// The deadline of the phase is over: appends 408 if a request had begun, and closes.
    void time_out(std::string& out);

    /// There is no room for the request under way: appends 503, and closes.
    void turn_away(std::string& out);

    /// There is no place for this client: the head of its next request will be answered with 503,
    /// which closes.
    void turn_away_next() noexcept { turns_away_ = true; }

    /// The server is stopping: the reply after which nothing more is at hand will be the last.
    void drain() noexcept { draining_ = true; }

    /// What counts as held of the memory for a request that is not all there.
    [[nodiscard]] std::size_t buffered_bytes() const noexcept { return chunks_.buffered_bytes(); }

private:
    [[nodiscard]] std::size_t feed_one(std::string_view bytes, std::string& out);
    [[nodiscard]] bool feed_head(std::string_view bytes, std::string& out);
    [[nodiscard]] bool begin_body(std::string_view bytes, std::string& out);
    [[nodiscard]] bool feed_body(std::string_view bytes, std::string& out);
    [[nodiscard]] bool ask_for_body(std::string_view bytes, std::string& out);
    [[nodiscard]] const api::route* line_route(std::string_view bytes) const;
    [[nodiscard]] bool open_lines(const api::route&, std::string_view bytes, std::string& out);
    [[nodiscard]] std::size_t feed_lines(std::string_view bytes, std::string& out);
    [[nodiscard]] std::size_t offer_lines(std::string_view bytes, std::string& out);
    void finish_lines(bool nothing_left, std::string& out);
    void refuse_lines(std::string& out);
    void pull(std::string& out);
    void pull_pieces(std::string& out);
    void note_stream_piece(const std::string& out);
    void end_stream() noexcept;
    [[nodiscard]] api::request request_in(std::string_view bytes, std::string_view body) const;
    [[nodiscard]] bool answer(std::string_view bytes, std::string& out);
    void reply(bool last, bool is_undurable, api::problem instead, std::string& out);
    void begin_stream(bool last, bool is_undurable, api::problem instead, std::string& out);
    void begin_next();
    void refuse(api::problem, std::string& out);
    void write(bool last, std::string& out);
    [[nodiscard]] bool is_last(bool nothing_left) const noexcept {
        return !head_.keep_alive || (draining_ && nothing_left);
    }

    session_context& shared_;
    phase phase_ = phase::idle;
    bool draining_ = false;
    bool turns_away_ = false;
    bool is_patient_ = true;
    bool closes_after_stream_ = false;
    // Of the last feed.
    bool has_more_ = false;
    bool waits_for_teller_ = false;
    bool waits_for_change_ = false;
    bool took_lines_ = false;
    bool stopped_ = false;
    bool has_begun_stream_ = false;
    bool has_ended_stream_ = false;
    bool stream_is_undurable_ = false;
    api::problem stream_instead_ = api::problem::disk_hangs;
    std::size_t stream_offset_ = 0;  // where its part of the output begins
    std::size_t requests_left_ = 0;
    teller::ticket due_ = 0;

    head_scanner scanner_;
    request_head head_;
    std::size_t head_size_ = 0;
    std::size_t body_size_ = 0;  // as it stands in the bytes; of a chunked body, what was taken; of
                                 // one taken line by line, what is left
    chunked_body chunks_;
    std::unique_ptr<line_body> lines_;       // of the request under way
    std::unique_ptr<streamed_body> stream_;  // of the reply under way, or that the last feed ended
};

}  // namespace coffer::http
