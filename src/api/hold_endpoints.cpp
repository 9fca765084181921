#include "api/hold_endpoints.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "api/answers.hpp"
#include "api/hold_page.hpp"
#include "api/hold_text.hpp"
#include "api/percent_encoding.hpp"
#include "api/post_body.hpp"
#include "api/query.hpp"
#include "ops/hold_id_text.hpp"

namespace coffer::api {
namespace {

/// The hold of the path. A malformed id becomes one that no hold has, so that the teller looks for
/// the account first, as it does for every id.
hold_id hold_of(const call& asked) noexcept {
    return parse_hold_id(path_segment{asked.parameters[0]}.text()).value_or(hold_id{0, UINT32_MAX});
}

}  // namespace

void place_hold(coffer::teller& teller, const call& asked, reply& out) {
    static constexpr std::array members{member{"amount", member_kind::amount},
                                        member{"expires_in", member_kind::duration, false}};
    post_body<members.size()> body;
    if (!body.read(asked.request, members, out))
        return;
    const auto expires_in = body[1].is_present() ? std::optional{body[1].duration} : std::nullopt;
    answer(teller.place_hold(asked.account, body[0].amount, expires_in, body.key(),
                             asked.expected.condition()),
           201, names_account::no, out);
}

void show_hold(coffer::teller& teller, const call& asked, reply& out) {
    answer(teller.find_hold(asked.account, hold_of(asked)), 200, names_account::no, out);
}

void capture_hold(coffer::teller& teller, const call& asked, reply& out) {
    static constexpr std::array members{member{"amount", member_kind::amount, false},
                                        member{"final", member_kind::boolean, false},
                                        member{"to", member_kind::account, false}};
    post_body<members.size()> body;
    if (!body.read(asked.request, members, out))
        return;
    const account_number payee = body[2].account;
    if (payee == asked.account)
        return out.refuse(problem::accounts_equal, {.account = payee});
    const auto amount = body[0].is_present() ? std::optional{body[0].amount} : std::nullopt;
    const capture_request wanted{amount, body[1].boolean, payee};
    answer(teller.capture_hold(asked.account, hold_of(asked), wanted, body.key(),
                               asked.expected.condition()),
           200, payee != 0 ? names_account::yes : names_account::no, out);
}

void release_hold(coffer::teller& teller, const call& asked, reply& out) {
    post_body<0> body;
    if (body.read(asked.request, {}, out))
        answer(teller.release_hold(asked.account, hold_of(asked), body.key(),
                                   asked.expected.condition()),
               200, names_account::no, out);
}

void list_holds(coffer::teller& teller, const call& asked, reply& out) {
    constexpr auto& names = hold_list_query;
    std::array<query_value, names.size()> given;
    if (const auto wrong = read_query(asked.query, names, given); wrong.problem != problem::none)
        return out.refuse_parameter(wrong.problem, wrong.name);
    const auto limit = page_limit(given[0], default_page_holds, max_page_holds);
    if (!limit)
        return out.refuse_parameter(problem::parameter_invalid, names[0]);
    hold_id after{};
    if (given[1].is_present()) {
        const auto id = parse_hold_id(given[1].text());
        if (!id)
            return out.refuse_parameter(problem::parameter_invalid, names[1]);
        after = *id;
    }
    const account_result found = teller.account(asked.account);
    if (!found.is_done())
        return answer(found, 200, out);
    if (found.account.held == money{})
        return out.data(200, [](std::string& text) { text += R"({"holds":[],"next":null})"; });
    auto page = hold_page::make(asked.account, *limit, after);
    if (!page)
        return out.refuse(problem::unavailable);
    out.stream(200, "application/json", std::move(page));
}

}  // namespace coffer::api
