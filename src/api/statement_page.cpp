#include "api/statement_page.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "api/entry_text.hpp"
#include "engine/history_reader.hpp"
#include "journal/account_history.hpp"
#include "journal/journal_error.hpp"
#include "ops/text.hpp"

namespace coffer::api {
namespace {

/// What one job reads, some milliseconds of work: others wait for their turn meanwhile.
constexpr std::uint64_t bytes_a_job = std::uint64_t{1} << 20;

}  // namespace

class statement_page::job final : public history_job {
public:
    explicit job(const page_selection& wanted) : wanted_{wanted} {}

    [[nodiscard]] const page_selection& wanted() const noexcept { return wanted_; }
    /// What the last job has read, and a comma where another one has read before.
    [[nodiscard]] std::string take_entries() noexcept { return std::exchange(entries_, {}); }
    [[nodiscard]] bool is_complete() const noexcept {
        return is_trimmed_ || left_ == 0 || range_->is_empty();
    }
    /// The sequence that the next page begins below; 0 if there is none.
    [[nodiscard]] std::uint64_t next() const noexcept {
        return range_->is_empty() ? 0 : range_->last + 1;
    }

private:
    void read(journal::history& past) override {
        const journal::account_history account{past, wanted_.owner.account};
        if (!range_)
            range_ = first_range(account);
        for (std::uint64_t bytes = 0; !is_complete() && bytes < bytes_a_job;) {
            const auto found = past.latest(wanted_.owner.account, range_->last);
            if (!found) {
                if (left_ == wanted_.limit)
                    throw journal::history_trimmed{past.beginning()};
                is_trimmed_ = true;
                return;
            }
            if (sequences_of(*found).last < range_->last) {
                past.doubt(found->where);
                throw journal::journal_error{"the journal", "has postings that its index has not"};
            }
            append(account, *found);
            bytes += found->where.bytes;
        }
    }

    [[nodiscard]] journal::sequence_range first_range(
        const journal::account_history& account) const {
        journal::sequence_range found = account.between(wanted_.from_ns, wanted_.until_ns);
        if (wanted_.below_sequence != 0)
            found.last = std::min(found.last, wanted_.below_sequence - 1);
        return found;
    }

    /// Appends the last postings of an extent that are in the range, and takes them from it.
    void append(const journal::account_history& account, const journal::account_extent& from) {
        journal::sequence_range part = sequences_of(from);
        part.last = std::min(part.last, range_->last);
        part.first = std::max(part.first, range_->first);
        if (part.last - part.first >= left_)
            part.first = part.last - left_ + 1;
        std::string text;
        std::vector<std::size_t> ends;
        account.visit(from, part, [&](const journal::posting_line& line) {
            append_entry(text, line);
            ends.push_back(text.size());
        });
        for (; !ends.empty(); ends.pop_back()) {
            const std::size_t begin = ends.size() == 1 ? 0 : ends[ends.size() - 2];
            if (left_-- != wanted_.limit)
                entries_ += ',';
            entries_.append(text, begin, ends.back() - begin);
        }
        range_->last = part.first - 1;
    }

    const page_selection wanted_;
    std::optional<journal::sequence_range> range_;  // what is still to be read
    std::size_t left_ = wanted_.limit;
    bool is_trimmed_ = false;  // all that is left of the range
    std::string entries_;
};

statement_page::statement_page(const page_selection& wanted)
    : statement_page{std::make_shared<job>(wanted)} {}

statement_page::statement_page(std::shared_ptr<job> one)
    : history_page{one}, job_{std::move(one)} {}

body_stream::state statement_page::write(std::string& text) {
    const statement_owner& owner = job_->wanted().owner;
    if (text.empty()) {
        text += R"({"success":true,"data":{"account_number":")";
        append_number(text, owner.account);
        text += R"(","entries":[)";
    }
    text += job_->take_entries();
    if (!job_->is_complete())
        return state::waiting;
    text += R"(],"next":)";
    if (const std::uint64_t next = job_->next(); next != 0)
        text.append(1, '"').append(to_cursor(owner, next)).append(1, '"');
    else
        text += "null";
    text += R"(},"code":200})";
    return state::done;
}

}  // namespace coffer::api
