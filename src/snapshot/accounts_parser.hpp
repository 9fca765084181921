// A JSON document of accounts, from its text, part by part as it comes.
//
//     {"accounts":[
//     {"account_number":"20001","balance":50.0},
//     {"account_number":"20002","balance":60.0,"sequence":7}
//     ]}
//
// Members other than these are passed over, at any depth, so a snapshot is such a document too.
// Nothing of the document is kept but the account being read and a list of the open brackets.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <coffer/posting.hpp>

namespace coffer::snapshot {

/// Why there is no reading a file of accounts: `FILE: line N: what is wrong`, or `FILE: what` where
/// no line is to blame.
class accounts_error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Takes one account: its number, its balance of zero or more, and its sequence, 1 unless the
/// document says otherwise. Returns what is wrong with it, or nothing.
using account_sink = std::function<std::optional<std::string>(const posting&)>;

/// Thread safety: none; one thread at a time. After an exception it can only be destroyed.
class accounts_parser {
public:
    /// `file` is what errors call the document.
    accounts_parser(std::string file, account_sink sink);
    ~accounts_parser();
    accounts_parser(const accounts_parser&) = delete;
    accounts_parser& operator=(const accounts_parser&) = delete;

    /// Reads the next part of the document and hands on the accounts that end in it. Throws
    /// accounts_error at the first fault, one found by the sink included, and what the sink throws.
    void write(std::string_view text);

    /// Says that there is no more. Throws accounts_error if the document was not at its end.
    void finish();

private:
    struct json_parser;

    void parse(std::string_view text, bool more);
    [[nodiscard]] accounts_error error(std::string_view what) const;

    std::string file_;
    std::unique_ptr<json_parser> parser_;
    std::size_t line_ = 0;  // of the last character read, from 1
    bool at_line_start_ = true;
};

}  // namespace coffer::snapshot
