#include "snapshot/accounts_parser.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <utility>

#include "snapshot/accounts_handler.hpp"

namespace coffer::snapshot {
namespace {

namespace json = boost::json;

// Boost's parser calls itself for every level, so a limit there must be.
constexpr std::size_t max_depth = 64;

json::parse_options options() {
    json::parse_options chosen;
    chosen.max_depth = max_depth;
    return chosen;
}

std::string describe(const json::error_code& error) {
    if (error == json::error::incomplete)
        return "the document ends too early";
    if (error == json::error::exponent_overflow)
        return "the exponent of a number is out of range";
    if (error == json::error::too_deep)
        return "more than " + std::to_string(max_depth) + " brackets are open";
    return "malformed JSON: " + error.message();
}

}  // namespace

struct accounts_parser::json_parser : json::basic_parser<accounts_handler> {
    explicit json_parser(account_sink sink) : basic_parser{options(), std::move(sink)} {}
};

accounts_parser::accounts_parser(std::string file, account_sink sink)
    : file_{std::move(file)}, parser_{std::make_unique<json_parser>(std::move(sink))} {}

accounts_parser::~accounts_parser() = default;

// Boost's parser does not say where it met an error, so it is given no more than a line at once.
void accounts_parser::write(std::string_view text) {
    while (!text.empty()) {
        if (at_line_start_)
            ++line_;
        const std::size_t newline = text.find('\n');
        at_line_start_ = newline != std::string_view::npos;
        const std::string_view line = text.substr(0, at_line_start_ ? newline + 1 : text.size());
        parse(line, true);
        text.remove_prefix(line.size());
    }
}

void accounts_parser::finish() {
    line_ = std::max(line_, std::size_t{1});
    parse("", false);
}

void accounts_parser::parse(std::string_view text, bool more) {
    json::error_code code;
    const std::size_t used = parser_->write_some(more, text.data(), text.size(), code);
    if (const std::string& refusal = parser_->handler().refusal(); !refusal.empty())
        throw error(refusal);
    if (code)
        throw error(describe(code));
    if (used != text.size())
        throw error("something stands behind the end of the document");
}

accounts_error accounts_parser::error(std::string_view what) const {
    return accounts_error{file_ + ": line " + std::to_string(line_) + ": " + std::string{what}};
}

}  // namespace coffer::snapshot
