#include "replication/store_connection.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <utility>

namespace coffer::replication {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::uint32_t most_head_bytes = 16 * 1024;
constexpr std::size_t most_read_bytes = 128 * 1024;  // that wait to be parsed

using parser_type = http::response_parser<http::string_body>;

void set_limits(parser_type& parser, std::size_t most_bytes) {
    parser.header_limit(most_head_bytes);
    parser.body_limit(most_bytes);
}

}  // namespace

store_connection::store_connection(asio::ssl::context* tls) : tls_{tls}, read_{most_read_bytes} {}

template <class Function>
auto store_connection::on_stream(Function function) {
    return secure_ ? function(*secure_) : function(socket_);
}

// Each operation has the stream's time, so this ends.
void store_connection::run() {
    context_.restart();
    context_.run();
}

bool store_connection::fail(const boost::system::error_code& why) {
    is_good_ = false;
    reason_ = why == beast::error::timeout || why == asio::error::operation_aborted
                  ? "did not answer in time"
                  : why.message();
    boost::system::error_code ignored;
    socket_.socket().close(ignored);
    return false;
}

bool store_connection::connect(const host_lookup::endpoints& to, const std::string& host,
                               time_point deadline) {
    socket_.expires_at(deadline);
    socket_.async_connect(to, [this](const auto& error, const auto&) { error_ = error; });
    run();
    if (error_)
        return fail(error_);
    boost::system::error_code ignored;
    socket_.socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
    if (tls_ != nullptr) {
        secure_.emplace(socket_, *tls_);
        boost::system::error_code no_address;
        asio::ip::make_address(host, no_address);
        if (no_address)
            SSL_set_tlsext_host_name(secure_->native_handle(), host.c_str());
        secure_->set_verify_callback(asio::ssl::host_name_verification{host}, error_);
        if (error_)
            return fail(error_);
        secure_->async_handshake(asio::ssl::stream_base::client,
                                 [this](const auto& error) { error_ = error; });
        run();
        if (error_)
            return fail(error_);
    }
    is_good_ = true;
    return true;
}

std::size_t store_connection::send(std::string_view head, std::string_view body) {
    const std::array parts{asio::buffer(head), asio::buffer(body)};
    std::size_t sent_bytes = 0;
    on_stream([&](auto& stream) {
        asio::async_write(stream, parts, [&](const auto& error, std::size_t bytes) {
            error_ = error;
            sent_bytes = bytes;
        });
    });
    run();
    return sent_bytes;
}

store_connection::outcome store_connection::exchange(std::string_view head, std::string_view body,
                                                     time_point deadline, std::size_t most_bytes) {
    outcome result;
    socket_.expires_at(deadline);
    const std::size_t sent_bytes = send(head, body);
    if (error_) {
        result.is_sent = sent_bytes != 0 || secure_.has_value();
        fail(error_);
        return result;
    }
    parser_type parser;
    set_limits(parser, most_bytes);
    on_stream([&](auto& stream) {
        http::async_read(stream, read_, parser,
                         [this](const auto& error, std::size_t) { error_ = error; });
    });
    run();
    if (error_) {
        fail(error_);
        return result;
    }
    auto& message = parser.get();
    result.reply.emplace(message.result_int(), std::string{message[http::field::content_type]},
                         std::move(message.body()));
    // Bytes behind the reply belong to no request.
    if (!parser.keep_alive() || read_.size() != 0) {
        is_good_ = false;
        boost::system::error_code ignored;
        socket_.socket().close(ignored);
    }
    return result;
}

bool store_connection::follow(std::string_view head, std::string_view body, time_point deadline,
                              std::size_t most_bytes,
                              const std::function<bool(std::string_view)>& look) {
    socket_.expires_at(deadline);
    (void)send(head, body);
    if (error_)
        return fail(error_);
    is_good_ = false;
    parser_type parser;
    set_limits(parser, most_bytes);
    while (true) {
        on_stream([&](auto& stream) {
            http::async_read_some(stream, read_, parser,
                                  [this](const auto& error, std::size_t) { error_ = error; });
        });
        run();
        if (error_)
            return fail(error_);
        if (look(parser.get().body()))
            return true;
        if (parser.is_done())
            return false;
    }
}

bool store_connection::is_usable() {
    if (!is_good_)
        return false;
    // Anything to read between two requests is the connection's end, or belongs to no request.
    char next = 0;
    const auto bytes = ::recv(socket_.socket().native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
    is_good_ = bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    return is_good_;
}

}  // namespace coffer::replication
