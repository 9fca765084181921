#include "snapshot/accounts_reader.hpp"

#include <fcntl.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "ops/file_descriptor.hpp"
#include "snapshot/accounts_handler.hpp"

namespace coffer::snapshot {
namespace {

namespace json = boost::json;

// Boost's parser recurses for every level, so there must be a limit.
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

constexpr std::size_t block_bytes = std::size_t{256} << 10;
constexpr std::string_view counted_key = "\"account_number\"";

accounts_unreadable failure(const std::filesystem::path& file) {
    return accounts_unreadable{file.string() + ": " + std::generic_category().message(errno)};
}

std::size_t count_keys(std::string_view text) {
    std::size_t count = 0;
    // memmem is several times as fast as string_view::find.
    for (;;) {
        const void* const found =
            ::memmem(text.data(), text.size(), counted_key.data(), counted_key.size());
        if (found == nullptr)
            return count;
        ++count;
        const auto skipped =
            static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
        text.remove_prefix(skipped + counted_key.size());
    }
}

/// Returns the encoding of the text if it is not UTF-8, found by its byte order mark or, since JSON
/// begins with an ASCII character, by the places of zeros; empty if it may be UTF-8.
std::string_view other_encoding(std::string_view begin) {
    using namespace std::string_view_literals;
    constexpr std::pair<std::string_view, std::string_view> marks[] = {
        {"\xff\xfe\0\0"sv, "UTF-32 (little-endian)"sv},
        {"\0\0\xfe\xff"sv, "UTF-32 (big-endian)"sv},
        {"\xff\xfe"sv, "UTF-16 (little-endian)"sv},
        {"\xfe\xff"sv, "UTF-16 (big-endian)"sv},
    };
    for (const auto& [mark, name] : marks)
        if (begin.starts_with(mark))
            return name;
    const auto is_zero = [begin](std::size_t i) { return i < begin.size() && begin[i] == '\0'; };
    if (is_zero(0) && !is_zero(1) && begin.size() > 1)
        return "UTF-16 (big-endian)";
    if (is_zero(0) && is_zero(1) && is_zero(2))
        return "UTF-32 (big-endian)";
    if (!is_zero(0) && is_zero(1))
        return is_zero(2) && is_zero(3) ? "UTF-32 (little-endian)" : "UTF-16 (little-endian)";
    return {};
}

/// Returns the text without the byte order mark of UTF-8. Throws accounts_error for other
/// encodings.
std::string_view without_mark(const std::filesystem::path& file, std::string_view begin) {
    if (const std::string_view encoding = other_encoding(begin); !encoding.empty())
        throw accounts_error{file.string() + ": is " + std::string{encoding} +
                             ", and has to be UTF-8"};
    constexpr std::string_view mark = "\xef\xbb\xbf";
    return begin.starts_with(mark) ? begin.substr(mark.size()) : begin;
}

}  // namespace

struct accounts_parser::json_parser : json::basic_parser<accounts_handler> {
    json_parser(account_sink sink, hold_sink holds)
        : basic_parser{options(), std::move(sink), std::move(holds)} {}
};

accounts_parser::accounts_parser(std::string file, account_sink sink, hold_sink holds)
    : file_{std::move(file)},
      parser_{std::make_unique<json_parser>(std::move(sink), std::move(holds))} {}

accounts_parser::~accounts_parser() = default;

// Boost's parser does not report the place of an error, so it gets one line at a time.
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

void read_accounts(const std::filesystem::path& file, const account_sink& sink,
                   const hold_sink& holds) {
    file_descriptor input{file, O_RDONLY};
    if (!input.is_open())
        throw failure(file);
    accounts_parser parser{file.string(), sink, holds};
    std::vector<char> block(block_bytes);
    constexpr std::size_t longest_mark = 4;
    bool is_first = true;
    for (std::size_t kept = 0;;) {
        const ssize_t size = input.read(block.data() + kept, block.size() - kept);
        if (size < 0)
            throw failure(file);
        kept += static_cast<std::size_t>(size);
        if (is_first && size != 0 && kept < longest_mark)
            continue;  // a pipe may return one byte at a time
        std::string_view text{block.data(), kept};
        if (std::exchange(is_first, false))
            text = without_mark(file, text);
        parser.write(text);
        if (size == 0)
            return parser.finish();
        kept = 0;
    }
}

std::size_t count_accounts(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored))
        return 0;
    file_descriptor input{file, O_RDONLY};
    if (!input.is_open())
        return 0;
    // A key may begin at the end of one block and end in the next, so one character less than a key
    // is kept of each block. No whole key fits into that, so none is counted twice.
    constexpr std::size_t most_kept = counted_key.size() - 1;
    std::vector<char> text(most_kept + block_bytes);
    std::size_t kept = 0;
    std::size_t count = 0;
    for (;;) {
        const ssize_t size = input.read(text.data() + kept, block_bytes);
        if (size <= 0)
            return count;
        const std::size_t end = kept + static_cast<std::size_t>(size);
        count += count_keys({text.data(), end});
        kept = std::min(most_kept, end);
        std::memmove(text.data(), text.data() + end - kept, kept);
    }
}

}  // namespace coffer::snapshot
