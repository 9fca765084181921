#include "replication/node_download.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <fstream>
#include <optional>
#include <vector>

#include "ops/stopping.hpp"
#include "replication/host_lookup.hpp"
#include "replication/store_tls.hpp"
#include "replication/store_url.hpp"

namespace coffer::replication {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::size_t piece_bytes = std::size_t{64} << 10;
constexpr std::size_t most_refusal_bytes = 4096;
constexpr std::uint32_t most_head_bytes = std::uint32_t{16} << 10;
constexpr int most_redirections = 3;

/// One exchange with one node.
class exchange {
public:
    exchange(const store_url& to, const std::filesystem::path& ca_file,
             std::chrono::milliseconds patience)
        : to_{to}, patience_{patience} {
        if (to.is_secure) {
            store_access access;
            access.ca_file = ca_file;
            tls_.emplace(make_store_tls(access));
        }
        parser_.header_limit(most_head_bytes);
        parser_.body_limit(boost::none);
    }

    void connect() {
        host_lookup lookup{to_.host, to_.port};
        const auto found = lookup.find(std::chrono::steady_clock::now() + patience_);
        if (found.empty())
            throw node_unavailable{to_.text + ": its address is not known"};
        socket_.expires_after(patience_);
        socket_.async_connect(found, [this](const auto& error, const auto&) { error_ = error; });
        run();
        if (!tls_)
            return;
        secure_.emplace(socket_, *tls_);
        boost::system::error_code no_address;
        asio::ip::make_address(to_.host, no_address);
        if (no_address)
            SSL_set_tlsext_host_name(secure_->native_handle(), to_.host.c_str());
        secure_->set_verify_callback(asio::ssl::host_name_verification{to_.host}, error_);
        secure_->async_handshake(asio::ssl::stream_base::client,
                                 [this](const auto& error) { error_ = error; });
        run();
    }

    /// Returns the status.
    unsigned send(const download& asked, const std::string& token) {
        std::string head = asked.method + ' ' + asked.target +
                           " HTTP/1.1\r\nHost: " + to_.authority() +
                           "\r\nConnection: close\r\nContent-Length: 0\r\n";
        if (!token.empty())
            head += "Authorization: Bearer " + token + "\r\n";
        head += "\r\n";
        socket_.expires_after(patience_);
        on_stream([&](auto& stream) {
            asio::async_write(stream, asio::buffer(head),
                              [this](const auto& error, std::size_t) { error_ = error; });
        });
        run();
        socket_.expires_after(patience_);
        on_stream([&](auto& stream) {
            http::async_read_header(stream, read_, parser_,
                                    [this](const auto& error, std::size_t) { error_ = error; });
        });
        run();
        return parser_.get().result_int();
    }

    [[nodiscard]] std::string location() const {
        return std::string{parser_.get()[http::field::location]};
    }

    /// The next piece of the body; empty at its end.
    std::string_view next() {
        while (!parser_.is_done()) {
            stopping::check();
            parser_.get().body().data = piece_.data();
            parser_.get().body().size = piece_.size();
            socket_.expires_after(patience_);
            on_stream([&](auto& stream) {
                http::async_read_some(stream, read_, parser_,
                                      [this](const auto& error, std::size_t) { error_ = error; });
            });
            run(http::error::need_buffer);
            if (const std::size_t bytes = piece_.size() - parser_.get().body().size; bytes != 0)
                return {piece_.data(), bytes};
        }
        return {};
    }

private:
    template <class Function>
    void on_stream(Function function) {
        if (secure_)
            function(*secure_);
        else
            function(socket_);
    }

    void run(std::optional<http::error> expected = std::nullopt) {
        context_.restart();
        context_.run();
        if (!error_ || (expected && error_ == *expected))
            return;
        throw node_unavailable{to_.text + ": " +
                               (error_ == beast::error::timeout ? "did not answer in time"
                                : error_ == http::error::partial_message ||
                                        error_ == http::error::end_of_stream ||
                                        error_ == asio::error::eof
                                    ? "broke off"
                                    : error_.message())};
    }

    const store_url to_;
    const std::chrono::milliseconds patience_;
    std::optional<asio::ssl::context> tls_;
    asio::io_context context_{1};
    beast::tcp_stream socket_{context_};
    std::optional<asio::ssl::stream<beast::tcp_stream&>> secure_;
    beast::flat_buffer read_{2 * piece_bytes};
    http::response_parser<http::buffer_body> parser_;
    std::vector<char> piece_ = std::vector<char>(piece_bytes);
    boost::system::error_code error_;
};

/// What a refusal says, for people: its body, if it is short, in one line.
std::string refusal_text(exchange& with) {
    std::string text;
    while (text.size() < most_refusal_bytes) {
        const std::string_view piece = with.next();
        if (piece.empty())
            break;
        text += piece;
    }
    text.resize(std::min(text.size(), most_refusal_bytes));
    for (char& one : text)
        if (one < ' ')
            one = ' ';
    return text;
}

/// The origin and the rest of an absolute URL.
struct split_url {
    std::string origin;
    std::string target;
};
split_url split(const std::string& url) {
    const std::size_t host = url.find("://");
    const std::size_t path = host == std::string::npos ? host : url.find('/', host + 3);
    if (path == std::string::npos)
        return {};
    return {url.substr(0, path), url.substr(path)};
}

}  // namespace

std::string read_node_token(const std::filesystem::path& file) {
    if (file.empty())
        return {};
    std::ifstream in{file};
    std::string token;
    if (!std::getline(in, token) || token.empty())
        throw std::runtime_error{"token file " + file.string() +
                                 ": its first line is no token, or cannot be read"};
    while (!token.empty() && (token.back() == '\r' || token.back() == ' '))
        token.pop_back();
    return token;
}

void get(const other_node& from, const download& asked,
         const std::function<void(std::string_view)>& take) {
    const std::string token = read_node_token(from.token_file);
    download now = asked;
    store_url to = parse_store_url(from.url);
    for (int redirections = 0;;) {
        exchange with{to, from.ca_file, asked.patience};
        with.connect();
        const unsigned status = with.send(now, token);
        if (status == 200) {
            for (std::string_view piece = with.next(); !piece.empty(); piece = with.next())
                take(piece);
            return;
        }
        const bool is_redirected = status == 307 || status == 308;
        if (const split_url next = split(with.location());
            is_redirected && !next.origin.empty() && redirections++ != most_redirections) {
            to = parse_store_url(next.origin);
            now.target = next.target;
            continue;
        }
        const std::string why = to.text + ": answered " +
                                now.target.substr(0, now.target.find('?')) + " with " +
                                std::to_string(status) + ": " + refusal_text(with);
        if (status == 503 || status == 502 || status == 504 || is_redirected)
            throw node_unavailable{why};
        throw node_refusal{status, why};
    }
}

std::string get_text(const other_node& from, const download& asked, std::size_t most_bytes) {
    std::string text;
    get(from, asked, [&](std::string_view piece) {
        if (text.size() + piece.size() > most_bytes)
            throw std::runtime_error{from.url + ": a reply is larger than expected"};
        text += piece;
    });
    return text;
}

}  // namespace coffer::replication
