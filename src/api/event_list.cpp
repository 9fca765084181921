#include "api/event_list.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "api/event_feed.hpp"
#include "api/event_page.hpp"
#include "api/media_type.hpp"
#include "api/query.hpp"
#include "engine/engine.hpp"
#include "ops/duration.hpp"

namespace coffer::api {
namespace {

constexpr std::string_view last_event_id = "Last-Event-ID";

struct parameter {
    enum index : std::size_t { after, account, limit, wait, count };
};
constexpr auto& names = event_list_query;
static_assert(names.size() == parameter::count);
using values = std::array<query_value, parameter::count>;

/// The number of a record, or 0: before the first one.
std::optional<std::uint64_t> parse_record(std::string_view text) noexcept {
    return text == "0" ? std::optional<std::uint64_t>{0} : parse_account_number(text);
}

/// The record to begin after: nothing if it is wrong.
std::optional<std::uint64_t> parse_after(std::string_view text, std::uint64_t last) noexcept {
    if (text == "end")
        return last;
    const auto record = parse_record(text);
    return record && *record <= last ? record : std::nullopt;
}

/// Reads where the reader begins; refuses, and returns nothing, if that is wrong.
std::optional<std::uint64_t> begin_after(const coffer::engine& in, const call& asked,
                                         const values& given, reply& out) {
    const std::uint64_t last = in.durable_record();
    std::optional<std::uint64_t> after = 0;
    if (given[parameter::after].is_present())
        after = parse_after(given[parameter::after].text(), last);
    if (!after) {
        out.refuse_parameter(problem::parameter_invalid, names[parameter::after]);
        return std::nullopt;
    }
    if (const auto resumed = asked.request.last_event_id; !resumed.empty()) {
        const auto record = parse_record(resumed);
        if (record && *record <= last)
            return record;
        out.refuse_parameter(problem::parameter_invalid, last_event_id);
        return std::nullopt;
    }
    return after;
}

/// The same for the account; 0: all of them.
std::optional<account_number> account_of(const coffer::teller& teller, const call& asked,
                                         const query_value& given, reply& out) {
    if (!given.is_present())
        return 0;
    const auto account = parse_account_number(given.text());
    if (!account) {
        out.refuse_parameter(problem::parameter_invalid, names[parameter::account]);
        return std::nullopt;
    }
    if (!asked.may_use(*account)) {
        out.refuse(problem::account_out_of_range);
        return std::nullopt;
    }
    const posting_result found = teller.find(*account);
    const problem why = found.service != service::done ? problem_of(found.service)
                                                       : problem_of(found.outcome.error);
    if (why == problem::none)
        return account;
    out.refuse(why);
    return std::nullopt;
}

void show_stream(event_feed::form as, const event_cursor& from, const call& asked,
                 const values& given, reply& out) {
    for (const std::size_t i : {parameter::limit, parameter::wait})
        if (given[i].is_present())
            return out.refuse_parameter(problem::parameter_invalid, names[i]);
    const bool is_lines = as == event_feed::form::lines;
    const bool is_end =
        asked.request.last_event_id.empty() && given[parameter::after].text() == "end";
    const auto knows = is_end ? event_feed::beginning::unknown : event_feed::beginning::known;
    out.stream(200, is_lines ? ndjson : event_stream,
               std::make_unique<event_feed>(as, from, knows));
}

void show_page(const event_cursor& from, const values& given, reply& out) {
    const auto limit = page_limit(given[parameter::limit], default_page_events, max_page_events);
    if (!limit)
        return out.refuse_parameter(problem::parameter_invalid, names[parameter::limit]);
    std::chrono::microseconds wait{0};
    if (given[parameter::wait].is_present()) {
        const auto asked = parse_duration(given[parameter::wait].text());
        if (!asked || *asked > max_event_wait)
            return out.refuse_parameter(problem::parameter_invalid, names[parameter::wait]);
        wait = *asked;
    }
    out.stream(200, json,
               std::make_unique<event_page>(from, *limit, std::chrono::steady_clock::now() + wait));
}

}  // namespace

void list_events(coffer::teller& teller, const call& asked, reply& out) {
    const coffer::engine& in = teller.engine();
    if (!in.is_open())
        return out.refuse(problem::not_open);
    values given;
    if (const auto wrong = read_query(asked.query, names, given); wrong.problem != problem::none)
        return out.refuse_parameter(wrong.problem, wrong.name);
    if (in.log() == nullptr)
        return out.refuse(problem::no_history);
    const auto after = begin_after(in, asked, given, out);
    if (!after)
        return;
    const auto account = account_of(teller, asked, given[parameter::account], out);
    if (!account)
        return;
    const event_cursor from{*after, event_filter{*account, asked.usable()}};
    constexpr std::array offered{json, ndjson, event_stream};
    switch (preferred(asked.request.accept, offered)) {
        case 1:
            return show_stream(event_feed::form::lines, from, asked, given, out);
        case 2:
            return show_stream(event_feed::form::server_sent, from, asked, given, out);
        default:
            return show_page(from, given, out);
    }
}

}  // namespace coffer::api
