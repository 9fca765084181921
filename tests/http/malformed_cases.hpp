// Requests that are malformed or hostile, each with what is due in answer, read from text files.
//
// A file is made of cases, one after another. Empty lines and lines that begin with '#' are passed
// over.
//
//     case: a name for people
//     > GET / HTTP/1.1\r\n       the bytes to send; the lines that begin with "> " are joined
//     > \r\n
//     < 400 bad_request          one line a reply: the status, and the type of a failure
//     posted: 1                  how many postings are made; left out for none
//     closed                     how it ends, see `ending`
//
// In the bytes, \r \n \t \\ stand for what they do in C, \x7f for the byte of that value, and
// \{8192*ab} for 8192 times "ab".
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace coffer::http {

/// What the session is to do after the bytes of a case.
enum class ending : std::uint8_t {
    closed,  ///< take nothing more
    open,    ///< answer a further request
    waits,   ///< wait for more of this one: the bytes are its beginning
    either,  ///< take nothing more, or where the body was here already, answer a further request
};

struct malformed_case {
    std::string name;  ///< with the file and the line
    std::string bytes;
    std::vector<std::string> replies;  ///< "200" or "400 bad_request"
    std::uint64_t postings = 0;
    http::ending ending = ending::closed;
};

/// The bytes that `text` stands for. Throws std::runtime_error if an escape is unknown or wrong.
[[nodiscard]] std::string unescape(std::string_view text);

/// The cases of one file's text. Throws std::runtime_error, which names the file and the line.
[[nodiscard]] std::vector<malformed_case> read_cases(std::string_view text,
                                                     std::string_view file_name);

/// The cases of all .txt files in `folder`, in the order of their names.
[[nodiscard]] std::vector<malformed_case> read_all_cases(const std::filesystem::path& folder);

}  // namespace coffer::http
