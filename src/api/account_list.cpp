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

void stream_accounts(coffer::teller& teller, reply& out) {
    std::optional<resumable_cut> cut = teller.begin_cut();
    if (!cut)
        return out.refuse(problem::cut_under_way);
    out.stream(200, ndjson, std::make_unique<account_stream>(std::move(*cut)));
}

void show_page(const call& asked, reply& out) {
    static constexpr std::array<std::string_view, 2> names{"limit", "after"};
    std::array<query_value, names.size()> values;
    if (const auto wrong = read_query(asked.query, names, values); wrong.problem != problem::none)
        return out.refuse_parameter(wrong.problem, wrong.name);
    std::size_t limit = default_page_accounts;
    account_number after = 0;
    if (values[0].is_present()) {
        limit = parse_account_number(values[0].text()).value_or(0);  // the same form: digits alone
        if (limit == 0 || limit > max_page_accounts)
            return out.refuse_parameter(problem::parameter_invalid, names[0]);
    }
    if (values[1].is_present()) {
        after = parse_account_number(values[1].text()).value_or(0);
        if (after == 0)
            return out.refuse_parameter(problem::parameter_invalid, names[1]);
    }
    out.stream(200, "application/json", std::make_unique<account_page>(limit, after));
}

}  // namespace

void list_accounts(coffer::teller& teller, const call& asked, reply& out) {
    if (!teller.engine().is_open())
        return out.refuse(problem::not_open);
    if (prefers_ndjson(asked.request.accept))
        stream_accounts(teller, out);
    else
        show_page(asked, out);
}

}  // namespace coffer::api
