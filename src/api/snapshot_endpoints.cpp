#include "api/snapshot_endpoints.hpp"

#include <memory>
#include <string>
#include <utility>

#include "api/history_page.hpp"
#include "api/media_type.hpp"
#include "api/percent_encoding.hpp"
#include "api/query.hpp"
#include "engine/engine.hpp"
#include "engine/snapshot_jobs.hpp"
#include "ops/text.hpp"

namespace coffer::api {
namespace {

constexpr std::size_t usual_changes = 100;
constexpr std::size_t most_changes = 1000;

void append_snapshot(std::string& text, const kept_snapshot& one) {
    text += R"({"snapshot":")";
    append_json_text(text, one.name);
    text += R"(","time":")";
    append_json_text(text, one.time);
    text += R"(","record":)";
    append_number(text, one.after_record);
    text += R"(,"accounts":)";
    append_number(text, one.accounts);
    text.append(R"(,"total":)").append(to_money_text(one.total_minor));
    text += R"(,"holds":)";
    append_number(text, one.holds);
    text.append(R"(,"held":)").append(to_money_text(one.held_minor));
    text += R"(,"bytes":)";
    append_number(text, one.bytes);
    text += '}';
}

void append_change(std::string& text, const snapshot::account_change& one) {
    text += R"({"account_number":")";
    append_number(text, one.account);
    text += R"(","before":)";
    if (one.before)
        append_money(text, *one.before);
    else
        text += "null";
    text += R"(,"after":)";
    append_money(text, one.after);
    text.append(R"(,"change":)").append(to_money_text(one.change_minor()));
    text += R"(,"postings":)";
    append_number(text, one.postings);
    text += '}';
}

class snapshot_list_page final : public history_page {
public:
    explicit snapshot_list_page(std::shared_ptr<snapshot_list> one)
        : history_page{one}, job_{std::move(one)} {}

private:
    state write(std::string& text) override {
        text += R"({"success":true,"data":{"snapshots":[)";
        for (const kept_snapshot& one : job_->found()) {
            if (text.back() == '}')
                text += ',';
            append_snapshot(text, one);
        }
        text += R"(]},"code":200})";
        return state::done;
    }

    const std::shared_ptr<snapshot_list> job_;
};

problem problem_of(snapshot_comparison::result how) noexcept {
    switch (how) {
        case snapshot_comparison::result::compared:
            break;
        case snapshot_comparison::result::unknown:
            return problem::snapshot_unknown;
        case snapshot_comparison::result::out_of_order:
            return problem::parameter_invalid;
        case snapshot_comparison::result::too_different:
            return problem::snapshots_too_different;
    }
    return problem::none;
}

class difference_page final : public history_page {
public:
    explicit difference_page(std::shared_ptr<snapshot_comparison> one)
        : history_page{one}, job_{std::move(one)} {}

private:
    state write(std::string& text) override {
        if (const problem why = problem_of(job_->how()); why != problem::none)
            return fail(why, {.parameter = why == problem::parameter_invalid ? difference_query[0]
                                                                             : std::string_view{}});
        const snapshot::snapshot_difference& found = job_->difference();
        text += R"({"success":true,"data":{"since":)";
        append_snapshot(text, job_->before());
        text += R"(,"snapshot":)";
        append_snapshot(text, job_->after());
        text += R"(,"total_change":)";
        text += to_money_text(job_->after().total_minor - job_->before().total_minor);
        text += R"(,"accounts_changed":)";
        append_number(text, found.accounts_changed);
        text += R"(,"accounts_opened":)";
        append_number(text, found.accounts_opened);
        text += R"(,"postings":)";
        append_number(text, found.postings);
        text += R"(,"changes":[)";
        for (std::size_t i = 0; i != found.changes.size(); ++i) {
            if (i != 0)
                text += ',';
            append_change(text, found.changes[i]);
        }
        text += R"(]},"code":200})";
        return state::done;
    }

    const std::shared_ptr<snapshot_comparison> job_;
};

/// Whether there may be snapshots, or the refusal has been made. They are of all accounts.
bool has_snapshots(const coffer::teller& teller, const call& asked, reply& out) {
    problem why = problem::none;
    if (!asked.usable().has_all())
        why = problem::account_out_of_range;
    else if (!teller.engine().is_open())
        why = problem::not_open;
    else if (!teller.engine().has_history())
        why = problem::no_history;
    if (why != problem::none)
        out.refuse(why);
    return why == problem::none;
}

}  // namespace

void list_snapshots(coffer::teller& teller, const call& asked, reply& out) {
    if (!has_snapshots(teller, asked, out))
        return;
    auto job = std::make_shared<snapshot_list>(teller.engine().snapshot_folder());
    out.stream(200, json, std::make_unique<snapshot_list_page>(std::move(job)));
}

void compare_snapshots(coffer::teller& teller, const call& asked, reply& out) {
    std::array<query_value, difference_query.size()> given;
    if (const query_problem wrong = read_query(asked.query, difference_query, given);
        wrong.problem != problem::none)
        return out.refuse_parameter(wrong.problem, wrong.name);
    if (!given[0].is_present())
        return out.refuse_parameter(problem::parameter_missing, difference_query[0]);
    const auto limit = page_limit(given[1], usual_changes, most_changes);
    if (!limit)
        return out.refuse_parameter(problem::parameter_invalid, difference_query[1]);
    if (!has_snapshots(teller, asked, out))
        return;
    snapshot_comparison::place place = snapshot_comparison::take_place();
    if (place == nullptr)
        return out.refuse(problem::unavailable);
    auto job = std::make_shared<snapshot_comparison>(
        std::move(place), snapshot_comparison::question{
                              teller.engine().snapshot_folder(), std::string{given[0].text()},
                              std::string{path_segment{asked.parameters[0]}.text()}, *limit});
    out.stream(200, json, std::make_unique<difference_page>(std::move(job)));
}

}  // namespace coffer::api
