#include "api/statement_endpoints.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

#include "api/media_type.hpp"
#include "api/past_balance.hpp"
#include "api/query.hpp"
#include "api/statement_page.hpp"
#include "api/statement_stream.hpp"
#include "engine/engine.hpp"
#include "ops/utc_time.hpp"

namespace coffer::api {
namespace {

constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

/// Whether the account has a history, or the refusal has been made. Shows no posting.
bool has_history(const coffer::teller& teller, account_number account, reply& out) {
    const posting_result found = teller.find(account);
    problem why = problem_of(found.service);
    if (why == problem::none)
        why = problem_of(found.outcome.error);
    if (why == problem::none && !teller.engine().has_history())
        why = problem::no_history;
    // An opening that a crash can still take back is not shown.
    if (why == problem::none && teller.engine().ledger().durable_sequence(account) == 0)
        why = problem::account_unknown;
    if (why != problem::none)
        out.refuse(why);
    return why == problem::none;
}

/// The time of a parameter, or `otherwise`; nothing if it is malformed.
std::optional<std::uint64_t> time_of(const query_value& given, std::uint64_t otherwise) {
    return given.is_present() ? parse_utc_text(given.text()) : std::optional{otherwise};
}

/// A number of digits alone; the largest possible for a larger one.
std::optional<std::uint64_t> sequence_of(std::string_view text) noexcept {
    if (text.empty() || text.find_first_not_of("0123456789") != text.npos)
        return std::nullopt;
    std::uint64_t sequence = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), sequence);
    return read.ec == std::errc{} ? sequence : endless;
}

void refuse_value(std::string_view name, reply& out) {
    out.refuse_parameter(problem::parameter_invalid, name);
}

using statement_values = std::array<query_value, statement_query.size()>;

struct time_range {
    std::uint64_t from_ns = 0;
    std::uint64_t until_ns = endless;
};

/// Nothing if the refusal has been made.
std::optional<time_range> read_times(const statement_values& given, reply& out) {
    const auto from_ns = time_of(given[2], 0);
    const auto until_ns = time_of(given[3], endless);
    if (from_ns && until_ns)
        return time_range{*from_ns, *until_ns};
    refuse_value(statement_query[from_ns ? 3 : 2], out);
    return std::nullopt;
}

void show_stream(const coffer::teller& teller, const call& asked, const statement_values& given,
                 std::string_view type, reply& out) {
    for (std::size_t i = 0; i != 2; ++i)
        if (given[i].is_present())
            return refuse_value(statement_query[i], out);
    const auto times = read_times(given, out);
    if (!times || !has_history(teller, asked.account, out))
        return;
    const auto format = type == csv ? journal::line_format::csv : journal::line_format::ndjson;
    out.stream(200, type,
               std::make_unique<statement_stream>(
                   stream_selection{asked.account, format, times->from_ns, times->until_ns}));
}

void show_page(const coffer::teller& teller, const call& asked, const statement_values& given,
               reply& out) {
    page_selection wanted{.owner = {.account = asked.account}};
    const auto limit = page_limit(given[0], default_page_entries, max_page_entries);
    if (!limit)
        return refuse_value(statement_query[0], out);
    wanted.limit = *limit;
    if (const journal::batch_log* const log = teller.engine().log())
        wanted.owner.ledger = log->ledger();
    if (given[1].is_present()) {
        wanted.below_sequence = parse_cursor(wanted.owner, given[1].text()).value_or(0);
        if (wanted.below_sequence == 0)
            return refuse_value(statement_query[1], out);
    }
    const auto times = read_times(given, out);
    if (!times || !has_history(teller, asked.account, out))
        return;
    wanted.from_ns = times->from_ns;
    wanted.until_ns = times->until_ns;
    out.stream(200, json, std::make_unique<statement_page>(wanted));
}

}  // namespace

void show_statement(coffer::teller& teller, const call& asked, reply& out) {
    if (!teller.engine().is_open())
        return out.refuse(problem::not_open);
    statement_values given;
    if (const auto wrong = read_query(asked.query, statement_query, given);
        wrong.problem != problem::none)
        return out.refuse_parameter(wrong.problem, wrong.name);
    static constexpr std::array<std::string_view, 3> offered{json, csv, ndjson};
    if (const std::size_t chosen = preferred(asked.request.accept, offered); chosen != 0)
        show_stream(teller, asked, given, offered[chosen], out);
    else
        show_page(teller, asked, given, out);
}

bool show_past_balance(coffer::teller& teller, const call& asked, reply& out) {
    constexpr auto& names = past_balance_query;
    std::array<query_value, names.size()> given;
    if (const auto wrong = read_query(asked.query, names, given); wrong.problem != problem::none) {
        out.refuse_parameter(wrong.problem, wrong.name);
        return true;
    }
    const auto& [at, sequence] = given;
    if (!at.is_present() && !sequence.is_present())
        return false;
    const auto time_ns = time_of(at, 0);
    const auto number =
        sequence.is_present() ? sequence_of(sequence.text()) : std::optional<std::uint64_t>{0};
    if (!time_ns)
        refuse_value(names[0], out);
    else if (!number || at.is_present() == sequence.is_present())
        refuse_value(names[1], out);
    else if (!has_history(teller, asked.account, out))
        return true;
    else if (sequence.is_present() && *number == 0)
        out.refuse(problem::sequence_unknown);
    else
        out.stream(200, json,
                   std::make_unique<past_balance>(
                       moment{asked.account, *number, *time_ns,
                              teller.engine().ledger().durable_sequence(asked.account)}));
    return true;
}

}  // namespace coffer::api
