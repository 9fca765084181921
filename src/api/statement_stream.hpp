// An account's statement as a stream, the oldest posting first: lines of CSV or NDJSON.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <coffer/account_number.hpp>

#include "api/history_page.hpp"
#include "journal/posting_line.hpp"

namespace coffer::api {

struct stream_selection {
    account_number account = 0;
    journal::line_format format = journal::line_format::ndjson;
    std::uint64_t from_ns = 0;
    std::uint64_t until_ns = 0;  ///< not included
};

/// Ends with what was durable when it began. If it has to end before, or comes to where postings
/// have been trimmed meanwhile, its last line has the error: in NDJSON
///     {"error":{"type":"...","message":"..."}}
/// in CSV "# ", the type, a colon and the message. Has one piece in memory, of some 64 KiB.
class statement_stream final : public history_page {
public:
    explicit statement_stream(const stream_selection& wanted);

    void end_early(problem why, std::string& out) override;

private:
    class job;

    explicit statement_stream(std::shared_ptr<job> one);
    state write(std::string& text) override;

    std::shared_ptr<job> job_;
};

}  // namespace coffer::api
