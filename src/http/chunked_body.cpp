#include "http/chunked_body.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <string>

#include "http/limits.hpp"

namespace coffer::http {

namespace asio = boost::asio;
namespace beast = boost::beast;

// Beast's parser for what comes after the head; what the head said is known by then.
class chunked_body::parser final : public beast::http::basic_parser<true> {
public:
    parser() {
        header_limit(limits::head_bytes);
        body_limit(limits::body_bytes);
        eager(true);
    }

    std::string content;

private:
    using error_code = beast::error_code;
    using string_view = beast::string_view;

    void on_request_impl(beast::http::verb, string_view, string_view, int, error_code&) override {}
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_field_impl(beast::http::field, string_view, string_view, error_code&) override {}
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code&) override {
        content.append(body.data(), body.size());
        return body.size();
    }
    void on_finish_impl(error_code&) override {}
};

chunked_body::chunked_body() = default;
chunked_body::~chunked_body() = default;
chunked_body::chunked_body(chunked_body&&) noexcept = default;
chunked_body& chunked_body::operator=(chunked_body&&) noexcept = default;

void chunked_body::begin(std::string_view head) {
    parser_ = std::make_unique<parser>();
    problem_ = api::problem::none;
    static_cast<void>(take(head));
}

std::size_t chunked_body::take(std::string_view bytes) {
    beast::error_code error;
    const std::size_t used = parser_->put(asio::buffer(bytes.data(), bytes.size()), error);
    if (error == beast::http::error::body_limit)
        problem_ = api::problem::body_too_large;
    else if (error && error != beast::http::error::need_more)
        problem_ = api::problem::request_malformed;
    return used;
}

bool chunked_body::done() const noexcept { return parser_->is_done(); }

std::string_view chunked_body::content() const noexcept { return parser_->content; }

}  // namespace coffer::http
