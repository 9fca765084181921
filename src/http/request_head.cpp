#include "http/request_head.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <utility>

#include "api/media_type.hpp"
#include "http/request_syntax.hpp"

namespace coffer::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using api::problem;

constexpr api::method method_of(beast::http::verb verb) noexcept {
    switch (verb) {
        case beast::http::verb::get:
        case beast::http::verb::head:
            return api::method::get;
        case beast::http::verb::post:
            return api::method::post;
        case beast::http::verb::options:
            return api::method::options;
        default:
            return api::method::other;
    }
}

beast::string_view trimmed(beast::string_view text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// Beast's parser, for the head alone. Where the body ends is decided here and not by Beast: from
// the head's fields, never from a trailer's, and more strictly than Beast 1.81 does.
class head_parser final : public beast::http::basic_parser<true> {
public:
    head_parser(std::string_view head, const limits& allowed)
        : head_bytes_{head}, limits_{allowed} {
        header_limit(static_cast<std::uint32_t>(allowed.head_bytes));
        skip(true);
    }

    request_head read() {
        beast::error_code error;
        put(asio::buffer(head_bytes_.data(), head_bytes_.size()), error);
        if (error || !is_header_done())
            fail(problem::request_malformed);
        if (head_.problem == problem::none)
            check();
        if (api::prefers_problem_json(head_.list(list_field::accept, head_bytes_)))
            head_.refusals = api::refusal_form::problem;
        return std::move(head_);
    }

private:
    using error_code = beast::error_code;
    using string_view = beast::string_view;

    void on_request_impl(beast::http::verb verb, string_view, string_view target, int version,
                         error_code&) override {
        head_.method = method_of(verb);
        head_.is_head = verb == beast::http::verb::head;
        head_.is_http_1_0 = version == 10;
        head_.target = place(path_of({target.data(), target.size()}));
        authority_ = authority_of({target.data(), target.size()});
        if (verb == beast::http::verb::unknown)
            fail(problem::method_unknown);
    }

    void on_field_impl(beast::http::field name, string_view text, string_view value,
                       error_code&) override {
        switch (name) {
            case beast::http::field::host:
                host(value);
                break;
            case beast::http::field::content_type:
                content_type(value);
                break;
            case beast::http::field::accept:
                head_.add_line(list_field::accept, place({value.data(), value.size()}),
                               head_bytes_);
                break;
            case beast::http::field::content_length:
                content_length_field(value);
                break;
            case beast::http::field::transfer_encoding:
                transfer_encoding(value);
                break;
            case beast::http::field::connection:
            case beast::http::field::proxy_connection:
                connection(value);
                break;
            case beast::http::field::content_encoding:
                content_encoding(value);
                break;
            case beast::http::field::if_match:
                condition(list_field::if_match, text, value);
                break;
            case beast::http::field::if_none_match:
                condition(list_field::if_none_match, text, value);
                break;
            case beast::http::field::origin:
                span_all(head_.origin, text, value);
                break;
            case beast::http::field::authorization:
                span_all(head_.authorization, text, value);
                break;
            case beast::http::field::expect:
                expect(value);
                break;
            case beast::http::field::unknown:
                unknown_field(text, value);
                break;
            default:
                break;
        }
    }

    void unknown_field(string_view name, string_view value) {
        if (beast::iequals(name, "Last-Event-ID"))
            return last_event_id(name, value);
        if (beast::iequals(name, "X-Request-Id")) {
            if (head_.request_id.size == 0)
                head_.request_id = place({value.data(), value.size()});
            return;
        }
        if (beast::iequals(name, "X-Server-Timing")) {
            head_.wants_timing = value == "1";
            return;
        }
        if (!beast::iequals(name, "Idempotency-Key"))
            return;
        constexpr std::uint8_t several = 2;
        if (head_.idempotency_keys != several)
            ++head_.idempotency_keys;
        if (head_.idempotency_keys == 1)
            head_.idempotency_key = place({value.data(), value.size()});
    }

    // A condition must not get lost: an empty one is its name, which is no tag.
    void condition(list_field which, string_view name, string_view value) {
        head_.has_rare_fields = true;
        head_.add_line(which, value_or_name(name, value), head_bytes_);
    }

    // Of several all from the first value to the last one is taken, the lines between them
    // included, which is no number.
    void last_event_id(string_view name, string_view value) noexcept {
        head_.has_rare_fields = true;
        span_all(head_.last_event_id, name, value);
    }
    void span_all(part& into, string_view name, string_view value) const noexcept {
        const part found = value_or_name(name, value);
        if (into.size == 0)
            into = found;
        else
            into.size = found.offset + found.size - into.offset;
    }
    [[nodiscard]] part value_or_name(string_view name, string_view value) const noexcept {
        return value.empty() ? place({name.data(), name.size()})
                             : place({value.data(), value.size()});
    }

    void host(string_view value) noexcept {
        ++hosts_;
        head_.host = place({value.data(), value.size()});
        if (!is_host({value.data(), value.size()}))
            fail(problem::request_malformed);
    }

    // RFC 9112, section 6.3, permits to refuse a repeated length, even if the values agree.
    void content_length_field(string_view value) noexcept {
        if (++content_lengths_ > 1 || value.empty() ||
            !std::all_of(value.begin(), value.end(), http::is_digit))
            fail(problem::request_malformed);
    }

    void content_type(string_view value) noexcept {
        // Several are as unknown as none: the endpoint refuses an empty media type.
        head_.content_type = content_types_++ == 0 ? place({value.data(), value.size()}) : part{};
    }

    // RFC 9110, section 8.4: the value is a list, and several fields form one list.
    void content_encoding(string_view value) noexcept {
        for (bool more = true; more;) {
            const std::size_t comma = value.find(',');
            more = comma != string_view::npos;
            const string_view coding = trimmed(value.substr(0, comma));
            head_.encoded_content =
                head_.encoded_content || !(coding.empty() || beast::iequals(coding, "identity"));
            value.remove_prefix(more ? comma + 1 : value.size());
        }
    }

    void transfer_encoding(string_view value) {
        ++transfer_encodings_;
        head_.chunked = beast::iequals(value, "chunked");
        // RFC 9112, section 6.3: unless `chunked` is the last coding, the body's end is unknown.
        // Beast reports whether the first coding is the last, but ignores what follows the word.
        ends_chunked_ = beast::iequals(trimmed(value.substr(value.rfind(',') + 1)), "chunked");
    }

    // RFC 9112, section 9.3: `close` has precedence. Beast only reports whether each token occurs.
    // Proxy-Connection is accepted as Connection, as old clients of proxies mean it.
    void connection(string_view value) {
        closes_ = closes_ || beast::http::token_list{value}.exists("close");
    }

    void expect(string_view value) {
        if (beast::iequals(value, "100-continue"))
            head_.expects_continue = true;
        else
            fail(problem::expectation_failed);
    }

    void check() {
        head_.keep_alive = keep_alive() && !closes_;
        if (hosts_ > 1 || (hosts_ == 0 && !head_.is_http_1_0))
            return fail(problem::request_malformed);
        if (!authority_.empty())  // RFC 9112, section 3.2.2: the Host does not count then
            head_.host = place(authority_);
        // RFC 9112, section 3.2.4.
        if (head_.target.of(head_bytes_) == "*" && head_.method != api::method::options)
            return fail(problem::request_malformed);
        if (transfer_encodings_ != 0)
            return check_coding();
        head_.content_length = static_cast<std::size_t>(content_length().value_or(0));
        // RFC 9110, section 10.1.1: ignored without a body, and in HTTP/1.0.
        head_.expects_continue =
            head_.expects_continue && !head_.is_http_1_0 && head_.content_length != 0;
    }

    // RFC 9112, section 6.1: each of these may be an attempt to smuggle a request.
    void check_coding() noexcept {
        if (transfer_encodings_ != 1 || content_lengths_ != 0 || head_.is_http_1_0)
            fail(problem::request_malformed);
        else if (!head_.chunked)
            fail(chunked() && ends_chunked_ ? problem::coding_unknown : problem::request_malformed);
    }

    [[nodiscard]] part place(std::string_view text) const noexcept {
        return {static_cast<std::uint32_t>(text.data() - head_bytes_.data()),
                static_cast<std::uint32_t>(text.size())};
    }

    void fail(problem why) noexcept {
        if (head_.problem == problem::none)
            head_.problem = why;
    }

    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(string_view, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}

    std::string_view head_bytes_;
    const limits& limits_;
    request_head head_;
    std::string_view authority_;
    int hosts_ = 0;
    int content_types_ = 0;
    int content_lengths_ = 0;
    int transfer_encodings_ = 0;
    bool ends_chunked_ = false;
    bool closes_ = false;
};

}  // namespace

// No field begins at the request's first byte.
void request_head::add_line(list_field which, part value, std::string_view request) {
    const auto index = static_cast<std::size_t>(which);
    if (lists[index].offset == 0) {
        lists[index] = value;
        return;
    }
    if (!combined)
        combined = std::make_unique<std::array<std::string, list_fields>>();
    std::string& all = (*combined)[index];
    if (all.empty())
        all = lists[index].of(request);
    all += ", ";
    all += value.of(request);
}

request_head read_head(std::string_view head, const limits& allowed) {
    return head_parser{head, allowed}.read();
}

}  // namespace coffer::http
