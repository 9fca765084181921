// One client's conversation: bytes in, bytes out, no socket and no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/reply.hpp"
#include "api/routes.hpp"
#include "engine/teller.hpp"
#include "http/chunked_body.hpp"
#include "http/head_scanner.hpp"
#include "http/limits.hpp"
#include "http/request_head.hpp"

namespace coffer::http {

/// A reply among others that a crash can still take back: it reports what is not durable.
struct undurable_reply {
    std::uint32_t offset;  ///< where it begins among the replies, in bytes
    std::uint32_t bytes;
    api::problem instead;  ///< what the client is to know if the disk does not answer in time
    bool without_body;     ///< these three as in reply_framing
    bool close;
    bool keep_alive;
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
    enum class phase : std::uint8_t { idle, head, body, closing };

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

    /// Whether the last feed stopped at a limit: what it left may hold whole requests.
    [[nodiscard]] bool has_more() const noexcept { return has_more_; }

    /// Whether the last feed stopped at a request that cannot be put on record before more of what
    /// the teller did is durable: it is the first of what is left.
    [[nodiscard]] bool waits_for_teller() const noexcept { return waits_for_teller_; }

    /// Whether to stop at such a request, as it does at first, or to refuse it.
    void wait_for_teller(bool patient) noexcept { is_patient_ = patient; }

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
    [[nodiscard]] bool feed_body(std::string_view bytes, std::string& out);
    [[nodiscard]] bool ask_for_body(std::string_view bytes, std::string& out);
    [[nodiscard]] api::request request_in(std::string_view bytes, std::string_view body) const;
    [[nodiscard]] bool answer(std::string_view bytes, std::string& out);
    void refuse(api::problem, std::string& out);
    void write(bool last, std::string& out);
    void write_undurable(bool last, api::problem instead, std::string& out);

    session_context& shared_;
    phase phase_ = phase::idle;
    bool draining_ = false;
    bool turns_away_ = false;
    bool has_more_ = false;
    bool is_patient_ = true;
    bool waits_for_teller_ = false;
    head_scanner scanner_;
    request_head head_;
    std::size_t head_size_ = 0;
    std::size_t body_size_ = 0;  // as it stands in the bytes; of a chunked body, what was taken
    chunked_body chunks_;
};

}  // namespace coffer::http
