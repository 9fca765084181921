// A session with a client that has bytes and no socket.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "engine/engine.hpp"
#include "engine/initial_accounts.hpp"
#include "http/limits.hpp"
#include "http/session.hpp"

namespace coffer::http {

class session_driver {
public:
    static constexpr std::string_view date = "Mon, 23 Nov 2026 15:00:00 GMT";

    explicit session_driver(
        const http::limits& allowed = default_limits,
        std::unique_ptr<ledger> opened = initial_accounts::sample().open_in_memory(),
        const api::route_table& table = api::product_table)
        : engine{{.times = clocks_that_stand()}}, limits{allowed}, routes{table} {
        engine.open(std::move(opened));
    }

    /// So that the same requests have the same replies.
    [[nodiscard]] static journal::time_sources clocks_that_stand() {
        return {[] { return journal::ledger_clock::release_ns; }, [] { return std::uint64_t{1}; }};
    }

    /// Sends `bytes` in one piece; what the session does not take yet is kept for the next piece.
    /// If it stops at a limit, it is fed the rest at once.
    void send(std::string_view bytes) {
        kept_ += bytes;
        do
            go_on();
        while (session.has_more());
    }
    /// Feeds what is left of the pieces so far, once.
    void go_on() {
        out_once.clear();
        kept_.erase(0, session.feed(kept_, out_once));
        out += out_once;
    }
    /// Bytes for the next feed.
    void keep(std::string_view bytes) { kept_ += bytes; }
    void send_byte_by_byte(std::string_view bytes) {
        for (const char& one : bytes)
            send({&one, 1});
    }
    /// Everything that was replied since the last call.
    std::string replies() { return std::exchange(out, {}); }

    [[nodiscard]] bool closed() const { return session.now() == session::phase::closing; }

    std::int64_t balance_minor(account_number number) const {
        return engine.ledger().balance(number).posting.balance.minor();
    }

    coffer::engine engine;
    http::limits limits;
    const api::route_table& routes;
    session_context context{engine.teller_at(0), std::string{date}, {}, limits, routes};
    api::listener_facts via;
    http::session session{context, via};
    std::string out;
    std::string out_once;  ///< what the last feed replied

private:
    std::string kept_;
};

inline std::string post(std::string_view path, std::string_view body,
                        std::string_view more_fields = "") {
    return "POST " + std::string{path} +
           " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n" + std::string{more_fields} + "\r\n" +
           std::string{body};
}

inline std::string get(std::string_view path, std::string_view more_fields = "") {
    return "GET " + std::string{path} + " HTTP/1.1\r\nHost: x\r\n" + std::string{more_fields} +
           "\r\n";
}

inline std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

}  // namespace coffer::http
