#include "api/statement_stream.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "api/entry_text.hpp"
#include "engine/history_reader.hpp"
#include "journal/account_history.hpp"
#include "ops/text.hpp"
#include "ops/utc_time.hpp"

namespace coffer::api {
namespace {

using journal::line_format;

/// What one job makes, and what it reads at most, some milliseconds of work.
constexpr std::size_t piece_bytes = std::size_t{64} << 10;
constexpr std::uint64_t bytes_a_job = std::uint64_t{1} << 20;

void append_error(std::string& out, line_format format, problem why, const error_members& members) {
    const problem_info& info = describe(why);
    const bool is_csv = format == line_format::csv;
    out.append(is_csv ? "# " : R"({"error":{"type":")").append(info.type);
    out.append(is_csv ? ": " : R"(","message":")").append(info.message);
    if (!is_csv)
        out += '"';
    if (members.beginning) {
        out += is_csv ? ", first_record " : R"(,"first_record":)";
        append_number(out, members.beginning->first_record);
        out += is_csv ? ", first_time " : R"(,"first_time":")";
        append_utc_text(out, members.beginning->first_time_ns);
        if (!is_csv)
            out += '"';
    }
    out += is_csv ? "\n" : "}}\n";
}

}  // namespace

class statement_stream::job final : public history_job {
public:
    explicit job(const stream_selection& wanted) : wanted_{wanted} {}

    [[nodiscard]] line_format format() const noexcept { return wanted_.format; }
    [[nodiscard]] std::string take_lines() noexcept { return std::exchange(lines_, {}); }
    [[nodiscard]] bool is_complete() const noexcept { return range_->is_empty(); }

private:
    void read(journal::history& past) override {
        const journal::account_history account{past, wanted_.account};
        if (!range_) {
            range_ = account.between(wanted_.from_ns, wanted_.until_ns);
            lines_ = journal::first_line(wanted_.format);
        }
        for (std::uint64_t bytes = 0;
             !range_->is_empty() && lines_.size() < piece_bytes && bytes < bytes_a_job;) {
            const journal::account_extent found = account.at(range_->first);
            append(account, found);
            bytes += found.where.bytes;
        }
    }

    /// Appends lines from the beginning of the range, which is in the extent, and takes them from
    /// it.
    void append(const journal::account_history& account, const journal::account_extent& from) {
        const journal::sequence_range wanted = *range_;
        account.visit(from, wanted, [this](const journal::posting_line& line) {
            if (lines_.size() >= piece_bytes)
                return;
            if (wanted_.format == line_format::csv) {
                journal::append(lines_, line_format::csv, line);
            } else {
                append_entry(lines_, line);
                lines_ += '\n';
            }
            range_->first = line.state.sequence + 1;
        });
    }

    const stream_selection wanted_;
    std::optional<journal::sequence_range> range_;  // what is still to be read
    std::string lines_;
};

statement_stream::statement_stream(const stream_selection& wanted)
    : statement_stream{std::make_shared<job>(wanted)} {}

statement_stream::statement_stream(std::shared_ptr<job> one)
    : history_page{one}, job_{std::move(one)} {}

body_stream::state statement_stream::write(std::string& text) {
    text = job_->take_lines();
    if (job_->is_complete())
        return state::done;
    return text.empty() ? state::waiting : state::more;
}

void statement_stream::end_early(problem why, std::string& out) {
    const std::string_view rest = unsent();
    out.append(rest.substr(0, rest.find('\n') + 1));  // only whole lines
    append_error(out, job_->format(), why, failure_members());
}

}  // namespace coffer::api
