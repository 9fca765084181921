// A file of tokens is read as a whole or refused as a whole, and what is read is what stands there:
// a token for each line that is no comment, none of which may stand there twice.
//
// The input is the text of a file.
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "api/token_file.hpp"
#include "fuzz/require.hpp"

namespace {

using coffer::fuzz::require;

/// How many tokens there are; 0 if the text is refused.
std::size_t tokens_in(const std::string& text) {
    try {
        const std::size_t count = coffer::api::parse_token_file(text).size();
        require(count != 0, "a file without tokens is read");
        return count;
    } catch (const std::runtime_error& refused) {
        require(*refused.what() != '\0', "a refusal has no reason");
        return 0;
    }
}

/// How many lines begin with something else than a comment.
std::size_t filled_lines(std::string_view text) {
    std::size_t count = 0;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        const std::size_t first = line.find_first_not_of(" \t\r");
        if (first != line.npos && line[first] != '#')
            ++count;
        text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
    }
    return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text{reinterpret_cast<const char*>(data), size};
    const std::size_t count = tokens_in(text);
    if (count == 0)
        return 0;
    require(count == filled_lines(text), "not a token for each line");
    require(text.find('\0') == text.npos, "a NUL is accepted");
    require(tokens_in(text + "\n# more\r\n\r\n") == count, "comments and empty lines count");
    require(tokens_in(text + "\n" + text) == 0, "a token may stand there twice");
    require(tokens_in(text + "\nx") == 0, "half a line is accepted");
    return 0;
}
