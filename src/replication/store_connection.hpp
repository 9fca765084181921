// One HTTP connection to a member of the store: connects, and exchanges a request for its reply,
// each within a time. The calling thread waits; there is no other.
//
// Guarantees     A connection on which anything went wrong is not usable again. A reply is complete
//                or an error: it is an error if the connection ends within it, if it has more bytes
//                than allowed, and if it is not HTTP.
// Thread safety  One thread at a time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "replication/host_lookup.hpp"

namespace coffer::replication {

struct http_reply {
    unsigned status = 0;
    std::string content_type{};
    std::string body{};
};

class store_connection {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// `tls`, which must outlive it, is null for a connection without TLS.
    explicit store_connection(boost::asio::ssl::context* tls);

    /// True if it is connected, and `host` has shown its certificate. Nothing of a request is sent.
    [[nodiscard]] bool connect(const host_lookup::endpoints& to, const std::string& host,
                               time_point deadline);

    struct outcome {
        std::optional<http_reply> reply{};
        bool is_sent = true;  ///< a part of the request may have been
    };
    /// Sends `head` and `body`, and reads the reply, whose body is at most `most_bytes`.
    [[nodiscard]] outcome exchange(std::string_view head, std::string_view body,
                                   time_point deadline, std::size_t most_bytes);

    /// Likewise for a reply that goes on: after each part of the body, calls `look` with all that
    /// has come so far, until it returns true. The connection is not usable again. True if
    /// `look` has returned true.
    [[nodiscard]] bool follow(std::string_view head, std::string_view body, time_point deadline,
                              std::size_t most_bytes,
                              const std::function<bool(std::string_view)>& look);

    /// Whether a request may be sent: nothing went wrong, and the member has not closed it.
    [[nodiscard]] bool is_usable();
    /// Why the last call failed, for people.
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

private:
    template <class Function>
    auto on_stream(Function function);
    void run();
    bool fail(const boost::system::error_code& why);
    [[nodiscard]] std::size_t send(std::string_view head, std::string_view body);

    boost::asio::io_context context_{1};
    boost::asio::ssl::context* const tls_;
    boost::beast::tcp_stream socket_{context_};
    std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> secure_;
    boost::beast::flat_buffer read_;
    boost::system::error_code error_;  // of the last operation
    bool is_good_ = false;
    std::string reason_;
};

}  // namespace coffer::replication
