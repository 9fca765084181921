// Reads accounts from a JSON document.
//
//     {"accounts":[
//     {"account_number":"20001","balance":50.0},
//     {"account_number":"20002","balance":60.0,"sequence":7}
//     ]}
//
// Other members are ignored, at any depth, so a snapshot is such a document too. In one that says
// that it is a snapshot of format 3, what accounts have held, their status, and the holds are read
// too (see snapshot_file.hpp). No part of the document is kept but the account or the hold that is
// being read and a list of the open brackets.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <coffer/hold.hpp>
#include <coffer/posting.hpp>

namespace coffer::snapshot {

/// Why accounts cannot be read: `FILE: line N: what is wrong`, or `FILE: what is wrong` if that is
/// not in one line.
class accounts_error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The system cannot read the file: nothing is known of what is in it.
class accounts_unreadable : public accounts_error {
    using accounts_error::accounts_error;
};

/// Takes one account: its number, its balance of zero or more, and its sequence, which is 1 unless
/// the document has another. Returns what is wrong with the account, or nothing.
using account_sink = std::function<std::optional<std::string>(const account_view&)>;

/// Takes one hold. Returns what is wrong with it, or nothing.
using hold_sink = std::function<std::optional<std::string>(const hold&)>;

/// Parses a document that comes in parts. Thread safety: none; one thread at a time. After an
/// exception it can only be destroyed.
class accounts_parser {
public:
    /// `file` is the name of the document in errors. `holds` may be empty.
    accounts_parser(std::string file, account_sink sink, hold_sink holds = {});
    ~accounts_parser();
    accounts_parser(const accounts_parser&) = delete;
    accounts_parser& operator=(const accounts_parser&) = delete;

    /// Parses the next part of the document and passes the accounts that end in it to the sink.
    /// Throws accounts_error at the first error, one that the sink returns included, and what the
    /// sink throws.
    void write(std::string_view text);

    /// Ends the document. Throws accounts_error if it is incomplete.
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

/// Passes each account of `file` to `sink`, and each hold to `holds` unless that is empty, in the
/// order of the file, as soon as it is read. The file is read once and forward, so a pipe is
/// possible. Throws accounts_error at the first error, one that a sink returns included, and what
/// the sink throws; what comes before it has been passed on.
void read_accounts(const std::filesystem::path& file, const account_sink& sink,
                   const hold_sink& holds = {});

/// Returns about how many accounts `file` has, to reserve memory for them: the number of keys
/// "account_number" in it. Returns 0 for a pipe and for a file that cannot be read.
[[nodiscard]] std::size_t count_accounts(const std::filesystem::path& file);

}  // namespace coffer::snapshot
