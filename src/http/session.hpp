// Turns the bytes that a client sends into replies, request by request.
//
// Knows no socket and no clock: `feed` is called in a turn of the teller and appends replies; the
// conversation decides when they are sent.
//
// Guarantees     Replies are in the order of the requests. Any doubt about where a request ends is
//                refused, and the connection closes.
// Thread safety  None: a session and its context belong to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/access_control.hpp"
#include "api/reply.hpp"
#include "api/routes.hpp"
#include "engine/teller.hpp"
#include "http/chunked_body.hpp"
#include "http/head_scanner.hpp"
#include "http/limits.hpp"
#include "http/line_body.hpp"
#include "http/reply_notes.hpp"
#include "http/request_figures.hpp"
#include "http/request_head.hpp"
#include "http/request_ids.hpp"
#include "http/streamed_body.hpp"

namespace coffer::http {

/// A reply within the output of a feed that reports a posting or a balance that is not durable.
struct undurable_reply {
    std::uint32_t offset;  ///< in the output
    std::uint32_t bytes;
    api::problem instead;  ///< the refusal to send if the disk does not answer in time
    bool without_body;     ///< these three as in reply_writer.hpp
    bool close;
    bool keep_alive;
    api::refusal_form form;
    bool is_stream;  ///< a stream or a piece of one, at the output's end: see replace_stream
    // What is counted once it is sent.
    bool is_counted = false;  ///< not a later piece of a stream
    std::uint8_t route = 0;
    std::uint16_t status = 0;
};

/// What the sessions of one thread share.
struct session_context {
    coffer::teller& teller;
    std::string date;  ///< the Date field's value, kept current by the driver
    api::reply reply;  ///< the reply in the making
    const http::limits& limits = default_limits;
    const api::route_table& routes = api::product_table;
    api::access_control* guard = nullptr;  ///< null, in tests: nobody is refused
    /// Then no stream and no body of lines begins: 503; and one of lines ends at its next line.
    bool is_short_of_memory = false;
    /// The replies of the last feed that are not durable yet. The caller of `feed` clears it first,
    /// and reserves room for `most_requests`, so that no reply to a posting is lost for want of
    /// memory.
    std::vector<undurable_reply> undurable{};
    /// What is left to do for those of the last feed, and how many of them begin in its output.
    std::vector<reply_note> notes{};
    std::uint32_t replies = 0;
    /// What is fed now: the bytes of the request under way and behind it.
    std::string_view bytes{};
    /// Who sent the request that is answered; and its id, if its head is gone.
    const api::principal* who = nullptr;
    std::string_view kept_id{};
    std::string_view kept_bearer{};
    /// The line of a stream that is refused before it begins; null if it is not logged.
    std::unique_ptr<access_entry> kept_line{};
    bool has_kept_line = false;
    request_ids ids{};
    /// Every how many requests one is logged; 0: none is.
    std::uint64_t log_every = 0;
    std::uint64_t until_logged = 0;  ///< how many more are not
    request_figures figures{};
};

class session {
public:
    /// What the client does next; each phase has its own deadline.
    enum class phase : std::uint8_t {
        idle,
        head,
        body,
        streaming,  ///< it takes a reply whose body is a stream
        closing,
    };

    /// Both must outlive it. `from_peer` is who shares a rate limit with it.
    explicit session(session_context& shared, const api::listener_facts& via = any_listener,
                     std::uint64_t from_peer = 0) noexcept
        : shared_{shared}, via_{via}, peer_{from_peer} {}

    /// Answers the complete requests in `bytes`, in order, and appends the replies to `out`: at
    /// most `most_requests`, and no more once `out` has limits::output_bytes. Returns how many
    /// bytes it took from the front. The next call must begin with the rest. In phase `closing` it
    /// takes nothing. In a turn of the teller.
    [[nodiscard]] std::size_t feed(std::string_view bytes, std::string& out,
                                   std::size_t most_requests);
    [[nodiscard]] std::size_t feed(std::string_view bytes, std::string& out) {
        return feed(bytes, out, shared_.limits.requests_per_wake);
    }

    /// Whether the last feed stopped because a limit was reached, or within a stream, or after a
    /// stream: the bytes it left may contain complete requests.
    [[nodiscard]] bool has_more() const noexcept { return has_more_; }

    /// Whether the last feed stopped at a request for which the teller's lane has no room before
    /// more is durable. That request is the first of the bytes left.
    [[nodiscard]] bool waits_for_teller() const noexcept { return waits_for_teller_; }

    /// Sets whether to stop at such a request, which is the default, or to refuse it.
    void wait_for_teller(bool patient) noexcept { is_patient_ = patient; }

    /// What a stream or a sink of lines waits for, at which the last feed stopped.
    enum class pause : std::uint8_t {
        none,
        change,  ///< for a tick, or for more postings of this worker to be durable
        news,    ///< for a tick, or for any posting to be durable
        turn,    ///< until the worker has time
    };
    [[nodiscard]] pause waits_for() const noexcept { return waits_for_; }
    /// Whether that is a stream that goes on for as long as the client reads.
    [[nodiscard]] bool is_endless() const noexcept { return stream_ && stream_->is_endless(); }

    /// The ticket that must be durable before the last feed's replies may be sent.
    [[nodiscard]] teller::ticket due() const noexcept { return due_; }

    /// Whether the last feed took lines of a body of kind `lines`.
    [[nodiscard]] bool took_lines() const noexcept { return took_lines_; }

    /// Appends what is sent instead of `piece`, which must not be sent since the disk has not
    /// answered in time: 503 if the stream's head has not been sent, otherwise the stream's early
    /// end. The stream has then ended.
    void replace_stream(const undurable_reply& piece, std::string_view request_id,
                        std::string& out);

    [[nodiscard]] phase now() const noexcept { return phase_; }

    /// The phase's deadline has passed: appends 408 if a request had begun, and closes. `bytes` are
    /// those that the last feed has left, here and below.
    void time_out(std::string_view bytes, std::string& out);

    /// Whether the rest of a body of lines is being discarded. If so, the next feed ends that, and
    /// replies to the request.
    [[nodiscard]] bool stop_discarding() noexcept {
        return lines_ != nullptr && lines_->stop_discarding();
    }

    /// The request under way is refused, for want of memory for example, and the connection closes.
    void turn_away(std::string_view bytes, api::problem why, std::string& out);

    /// The client does without TLS where it is due: appends 400, and closes.
    void refuse_without_tls(std::string& out);

    /// There is no place for this client: its first request is answered with 503 once its head is
    /// complete, and the connection closes.
    void turn_away_next() noexcept { turns_away_ = true; }

    /// The server is stopping: the reply to the last request that has arrived closes the
    /// connection, and a stream ends early.
    void drain() noexcept { draining_ = true; }

    /// How many bytes of its memory count as buffered.
    [[nodiscard]] std::size_t buffered_bytes() const noexcept {
        return chunks_.buffered_bytes() + (lines_ ? lines_->buffered_bytes() : 0) +
               (stream_ ? stream_->buffered_bytes() : 0);
    }

    static constexpr api::listener_facts any_listener{};

private:
    [[nodiscard]] std::size_t feed_one(std::string_view bytes, std::string& out);
    [[nodiscard]] bool feed_head(std::string_view bytes, std::string& out);
    [[nodiscard]] bool begin_body(std::string_view bytes, std::string& out);
    [[nodiscard]] bool admit(std::string_view bytes, std::string& out);
    [[nodiscard]] bool feed_body(std::string_view bytes, std::string& out);
    [[nodiscard]] bool ask_for_body(std::string_view bytes, std::string& out);
    [[nodiscard]] const api::route* route_of_body(std::string_view bytes) const;
    [[nodiscard]] bool open_lines(const api::route&, std::string_view bytes, std::string& out);
    [[nodiscard]] std::size_t feed_lines(std::string_view bytes, std::string& out);
    [[nodiscard]] std::size_t offer_lines(std::string_view bytes, std::string& out);
    void finish_lines(bool nothing_left, std::string& out);
    void reply_to_lines(bool last, std::string& out);
    void pull(bool nothing_left, std::string& out);
    [[nodiscard]] api::problem pull_pieces(std::string& out);
    void refuse_stream(api::problem why, bool nothing_left, std::string& out);
    void note_stream_head(std::size_t begin, bool is_undurable, std::unique_ptr<access_entry> line,
                          const std::string& out);
    [[nodiscard]] undurable_reply stream_piece(std::size_t begin, std::size_t end) const noexcept;
    void end_stream() noexcept;
    [[nodiscard]] api::request request_in(std::string_view bytes, std::string_view body) const;
    [[nodiscard]] bool answer(std::string_view bytes, std::string& out);
    void reply(bool last, bool is_undurable, api::problem instead, std::string& out);
    void begin_stream(bool last, bool is_undurable, api::problem instead, std::string& out);
    void begin_next();
    void refuse(api::problem, std::string& out);
    void write(bool last, std::string& out);
    void write_text(bool last, std::string& out);
    [[nodiscard]] std::string_view request_id() noexcept;
    [[nodiscard]] std::unique_ptr<access_entry> entry_if_logged(std::string_view id) noexcept;
    void note_reply(std::size_t begin, const std::string& out, bool is_timed, int status,
                    std::unique_ptr<access_entry> line) noexcept;
    [[nodiscard]] undurable_reply counted(undurable_reply one, int status) const noexcept {
        one.is_counted = true;
        one.route = route_;
        one.status = static_cast<std::uint16_t>(status);
        return one;
    }
    [[nodiscard]] bool is_last(bool nothing_left) const noexcept {
        return !head_.keep_alive || (draining_ && nothing_left);
    }

    session_context& shared_;
    const api::listener_facts& via_;
    const std::uint64_t peer_;
    phase phase_ = phase::idle;
    bool draining_ = false;
    bool turns_away_ = false;
    bool is_patient_ = true;
    bool closes_after_stream_ = false;
    bool stream_keep_alive_ = false;
    bool is_counted_ = false;  // the request under way, in its rate
    bool stream_wants_timing_ = false;
    std::uint8_t route_ = 0;  // of the request under way, by its number in the table
    std::uint16_t stream_status_ = 200;
    // Of the last feed.
    bool has_more_ = false;
    bool waits_for_teller_ = false;
    pause waits_for_ = pause::none;
    bool took_lines_ = false;
    bool stopped_ = false;
    bool has_begun_stream_ = false;
    bool has_ended_stream_ = false;
    api::problem stream_instead_ = api::problem::disk_hangs;
    api::refusal_form stream_refusals_ = api::refusal_form::envelope;
    teller::ticket stream_due_ = 0;  // what its head is due
    std::size_t requests_left_ = 0;
    teller::ticket due_ = 0;

    head_scanner scanner_;
    request_head head_;
    std::size_t head_size_ = 0;
    std::size_t body_size_ = 0;   // encoded; of a chunked body what was taken; of one of kind
                                  // `lines` what is left
    std::size_t body_limit_ = 0;  // the smaller one of the server's and the route's
    chunked_body chunks_;
    std::unique_ptr<line_body> lines_;       // of the request under way
    std::unique_ptr<streamed_body> stream_;  // of the reply under way, or ended by the last feed
};

}  // namespace coffer::http
