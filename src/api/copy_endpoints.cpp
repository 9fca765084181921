#include "api/copy_endpoints.hpp"

#include <array>
#include <coffer/account_number.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/history_page.hpp"
#include "api/percent_encoding.hpp"
#include "api/query.hpp"
#include "engine/copy_jobs.hpp"
#include "engine/engine.hpp"

namespace coffer::api {
namespace {

constexpr std::string_view octets = "application/octet-stream";

/// Breaks off where it cannot go on: a part of a file must not look like all of it.
class file_stream final : public history_page {
public:
    explicit file_stream(std::shared_ptr<copy_job> one) : history_page{one}, job_{std::move(one)} {}

    bool breaks_off() const noexcept override { return true; }

private:
    state write(std::string& text) override {
        if (job_->is_unknown())
            return fail(problem::snapshot_unknown);
        text = job_->take_piece();
        return job_->is_complete() ? state::done : state::more;
    }

    const std::shared_ptr<copy_job> job_;
};

/// Whether there are files, or the refusal has been made. They are of all accounts.
bool has_files(const coffer::teller& teller, const call& asked, reply& out) {
    problem why = problem::none;
    if (!asked.usable().has_all())
        why = problem::account_out_of_range;
    else if (!teller.engine().is_open())
        why = problem::not_open;
    else if (!teller.engine().has_history() || teller.engine().log() == nullptr)
        why = problem::no_history;
    if (why != problem::none)
        out.refuse(why);
    return why == problem::none;
}

}  // namespace

void copy_journal(coffer::teller& teller, const call& asked, reply& out) {
    std::array<query_value, journal_query.size()> given;
    if (const query_problem wrong = read_query(asked.query, journal_query, given);
        wrong.problem != problem::none)
        return out.refuse_parameter(wrong.problem, wrong.name);
    std::optional<std::uint64_t> after = 0;
    if (given[0].is_present() && given[0].text() != "0")
        after = parse_account_number(given[0].text());  // the same form: digits alone
    if (!after || *after == std::numeric_limits<std::uint64_t>::max())
        return out.refuse_parameter(problem::parameter_invalid, journal_query[0]);
    if (!has_files(teller, asked, out))
        return;
    auto job = std::make_shared<journal_copying>(*teller.engine().log(), *after);
    out.stream(200, octets, std::make_unique<file_stream>(std::move(job)));
}

void copy_snapshot(coffer::teller& teller, const call& asked, reply& out) {
    if (!has_files(teller, asked, out))
        return;
    auto job = std::make_shared<snapshot_copying>(
        teller.engine().snapshot_folder(), std::string{path_segment{asked.parameters[0]}.text()});
    out.stream(200, octets, std::make_unique<file_stream>(std::move(job)));
}

}  // namespace coffer::api
