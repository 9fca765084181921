#include "snapshot/accounts_reader.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "ops/file_descriptor.hpp"

namespace coffer::snapshot {
namespace {

constexpr std::size_t block_bytes = std::size_t{256} << 10;
constexpr std::string_view counted_key = "\"account_number\"";

accounts_error failure(const std::filesystem::path& file) {
    return accounts_error{file.string() + ": " + std::generic_category().message(errno)};
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

/// What the text of a file is encoded in, if it is not UTF-8, by its byte order mark or, since JSON
/// begins with an ASCII character, by where zeros are; empty if it may be UTF-8.
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

/// The text without the byte order mark of UTF-8. Throws accounts_error for any other encoding.
std::string_view without_mark(const std::filesystem::path& file, std::string_view begin) {
    if (const std::string_view encoding = other_encoding(begin); !encoding.empty())
        throw accounts_error{file.string() + ": is " + std::string{encoding} +
                             ", and has to be UTF-8"};
    constexpr std::string_view mark = "\xef\xbb\xbf";
    return begin.starts_with(mark) ? begin.substr(mark.size()) : begin;
}

}  // namespace

void read_accounts(const std::filesystem::path& file, const account_sink& sink) {
    file_descriptor input{file, O_RDONLY};
    if (!input.is_open())
        throw failure(file);
    accounts_parser parser{file.string(), sink};
    std::vector<char> block(block_bytes);
    constexpr std::size_t longest_mark = 4;
    bool is_first = true;
    for (std::size_t kept = 0;;) {
        const ssize_t size = input.read(block.data() + kept, block.size() - kept);
        if (size < 0)
            throw failure(file);
        kept += static_cast<std::size_t>(size);
        if (is_first && size != 0 && kept < longest_mark)
            continue;  // a pipe may give one byte at a time
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
    // A key may begin at the end of one block and end in the next: all but the last character of
    // it is kept. No key fits into what is kept, so none is counted twice.
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
