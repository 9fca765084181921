#include "api/transfer_endpoints.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "api/answers.hpp"
#include "api/post_body.hpp"
#include "ops/text.hpp"

namespace coffer::api {
namespace {

/// The legs of a transaction as its request has them.
class request_legs {
public:
    [[nodiscard]] std::span<const leg> all() const noexcept { return {legs_.data(), size_}; }

    /// Takes the legs of a list that read_object has filled in. False if one is wrong: then `out`
    /// is the refusal.
    [[nodiscard]] bool take(const object_list& list, reply& out) {
        if (list.size < 2 || list.size > legs_.size()) {
            out.refuse(list.size < 2 ? problem::postings_too_few : problem::postings_too_many);
            return false;
        }
        for (; size_ != list.size; ++size_) {
            const std::span<member_value> values = list.values_of(size_);
            const member_problem wrong = check_members(list.members, values);
            if (wrong.problem != problem::none) {
                out.refuse_parameter(wrong.problem, wrong.name);
                return false;
            }
            legs_[size_] = {values[0].account, values[1].amount};
        }
        return true;
    }

    /// False if they are no transaction: then `out` is the refusal.
    [[nodiscard]] bool are_consistent(reply& out) const {
        wide_minor sum_minor = 0;
        for (std::size_t i = 0; i != size_; ++i) {
            const account_number account = legs_[i].account;
            if (std::any_of(legs_.begin(), legs_.begin() + static_cast<std::ptrdiff_t>(i),
                            [account](const leg& one) { return one.account == account; })) {
                out.refuse(problem::accounts_equal, {.account = account});
                return false;
            }
            sum_minor += legs_[i].amount.minor();
        }
        if (sum_minor != 0)
            out.refuse(problem::amounts_unbalanced);
        return sum_minor == 0;
    }

    /// False if the client may not use an account that is debited: then `out` is the refusal.
    [[nodiscard]] bool are_allowed(const call& asked, reply& out) const {
        const std::span<const leg> legs = all();
        const auto refused = std::ranges::find_if(legs, [&asked](const leg& one) {
            return one.amount < money{} && !asked.may_use(one.account);
        });
        if (refused != legs.end())
            out.refuse(problem::account_out_of_range, {.account = refused->account});
        return refused == legs.end();
    }

private:
    std::array<leg, max_transaction_legs> legs_;
    std::size_t size_ = 0;
};

}  // namespace

void transfer(coffer::teller& teller, const call& asked, reply& out) {
    static constexpr std::array members{member{"to", member_kind::account},
                                        member{"amount", member_kind::amount}};
    post_body<members.size()> body;
    if (!body.read(asked.request, members, out))
        return;
    if (body[0].account == asked.account)
        return out.refuse(problem::accounts_equal, {.account = asked.account});
    answer(teller.transfer(asked.account, body[0].account, body[1].amount, body.key(),
                           asked.expected.condition()),
           out);
}

void transact(coffer::teller& teller, const call& asked, reply& out) {
    static constexpr std::array members{member{"postings", member_kind::objects, false}};
    static constexpr std::array members_of_posting{member{"account_number", member_kind::account},
                                                   member{"amount", member_kind::signed_amount}};
    std::array<member_value, members_of_posting.size() * max_transaction_legs> values;
    object_list list{members_of_posting, values};
    post_body<members.size()> body;
    request_legs legs;
    if (body.read_members(asked.request, members, out, &list) && legs.take(list, out) &&
        body.read_key(asked.request, out) && legs.are_consistent(out) &&
        legs.are_allowed(asked, out))
        answer(teller.transact(legs.all(), body.key()), legs.all(), out);
}

}  // namespace coffer::api
