#include "api/account_list.hpp"

#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "api/account_page.hpp"
#include "api/account_stream.hpp"
#include "api/media_type.hpp"
#include "api/query.hpp"
#include "engine/engine.hpp"

namespace coffer::api {
namespace {

constexpr auto& names = account_list_query;
using values = std::array<query_value, names.size()>;

void stream_accounts(coffer::teller& teller, const call& asked, const values& given, reply& out) {
    for (std::size_t i = 0; i != names.size(); ++i)
        if (given[i].is_present())
            return out.refuse_parameter(problem::parameter_invalid, names[i]);
    std::optional<resumable_cut> cut = teller.begin_cut();
    if (!cut)
        return out.refuse(problem::cut_under_way);
    out.stream(200, ndjson, std::make_unique<account_stream>(std::move(*cut), asked.usable()));
}

void show_page(const call& asked, const values& given, reply& out) {
    const auto limit = page_limit(given[0], default_page_accounts, max_page_accounts);
    if (!limit)
        return out.refuse_parameter(problem::parameter_invalid, names[0]);
    account_number after = 0;
    if (given[1].is_present()) {
        after = parse_account_number(given[1].text()).value_or(0);
        if (after == 0)
            return out.refuse_parameter(problem::parameter_invalid, names[1]);
    }
    auto page = account_page::make(*limit, after, asked.usable());
    if (!page)
        return out.refuse(problem::unavailable);
    out.stream(200, json, std::move(page));
}

}  // namespace

void list_accounts(coffer::teller& teller, const call& asked, reply& out) {
    if (!teller.engine().is_open())
        return out.refuse(problem::not_open);
    values given;
    if (const auto wrong = read_query(asked.query, names, given); wrong.problem != problem::none)
        return out.refuse_parameter(wrong.problem, wrong.name);
    static constexpr std::array<std::string_view, 2> offered{json, ndjson};
    if (preferred(asked.request.accept, offered) == 1)
        stream_accounts(teller, asked, given, out);
    else
        show_page(asked, given, out);
}

}  // namespace coffer::api
