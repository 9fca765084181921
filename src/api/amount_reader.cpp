#include "api/amount_reader.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstddef>
#include <cstdint>

namespace coffer::api {
namespace {

namespace json = boost::json;

// Watches a JSON document go by. Of all its events, only the members of the outermost object
// matter.
class amount_handler {
public:
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);

    using code = json::error_code;

    bool on_document_begin(code&) { return true; }
    bool on_document_end(code&) { return true; }
    bool on_object_begin(code&) { return enter(); }
    bool on_object_end(std::size_t, code&) { return leave(); }
    bool on_array_begin(code&) {
        outermost_is_array_ = outermost_is_array_ || depth_ == 0;
        return enter();
    }
    bool on_array_end(std::size_t, code&) { return leave(); }

    // A key with escapes comes in parts; `size` is that of all so far.
    bool on_key_part(json::string_view part, std::size_t size, code&) {
        if (size == part.size())
            key_is_amount_ = true;
        const std::string_view due =
            std::string_view{"amount"}.substr(std::min(size - part.size(), std::size_t{6}));
        key_is_amount_ =
            key_is_amount_ && due.substr(0, part.size()) == view(part) && due.size() >= part.size();
        return true;
    }
    bool on_key(json::string_view part, std::size_t size, code& error) {
        on_key_part(part, size, error);
        key_is_amount_ = key_is_amount_ && size == std::string_view{"amount"}.size();
        return true;
    }

    bool on_string_part(json::string_view, std::size_t, code&) { return true; }
    bool on_string(json::string_view, std::size_t, code&) { return other_value(); }
    bool on_bool(bool, code&) { return other_value(); }
    bool on_null(code&) { return other_value(); }
    bool on_number_part(json::string_view, code&) { return true; }
    bool on_int64(std::int64_t, json::string_view text, code&) { return number(text); }
    bool on_uint64(std::uint64_t, json::string_view text, code&) { return number(text); }
    bool on_double(double, json::string_view text, code&) { return number(text); }
    bool on_comment_part(json::string_view, code&) { return true; }
    bool on_comment(json::string_view, code&) { return true; }

    [[nodiscard]] amount_read result() const {
        if (amounts_ != 1)
            return {{}, amounts_ == 0 ? problem::amount_missing : problem::amount_twice};
        const money::parsed parsed = money::parse(text_);
        if (!parsed)
            return {{}, problem_of(parsed.error)};
        if (parsed.value <= money{})
            return {{}, problem::amount_not_positive};
        return {parsed.value, problem::none};
    }

private:
    static std::string_view view(json::string_view text) { return {text.data(), text.size()}; }

    [[nodiscard]] bool is_amount() const {
        return depth_ == 1 && !outermost_is_array_ && key_is_amount_;
    }
    bool enter() {
        other_value();
        ++depth_;
        return true;
    }
    bool leave() {
        --depth_;
        return true;
    }
    bool number(json::string_view text) {
        if (is_amount()) {
            ++amounts_;
            text_ = view(text);
        }
        return true;
    }
    bool other_value() {
        if (is_amount()) {
            ++amounts_;
            text_ = {};  // no number
        }
        return true;
    }

    std::size_t depth_ = 0;
    std::size_t amounts_ = 0;
    std::string_view text_;
    bool outermost_is_array_ = false;
    bool key_is_amount_ = false;
};

}  // namespace

amount_read read_amount(std::string_view body) {
    json::parse_options options;
    options.max_depth =
        512;  // the parser calls itself: a body of brackets alone must not go further
    json::basic_parser<amount_handler> parser{options};
    json::error_code error;
    const std::size_t used = parser.write_some(false, body.data(), body.size(), error);
    // These two are limits of the parser: what they stop may be JSON, but not with an amount of
    // ours.
    if (error == json::error::too_deep || error == json::error::exponent_overflow)
        return {{}, problem::amount_out_of_reach};
    if (error || used != body.size())
        return {{}, problem::body_malformed};
    return parser.handler().result();
}

}  // namespace coffer::api
