#include "api/batch_endpoint.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "api/account_endpoints.hpp"
#include "api/acting.hpp"
#include "api/answers.hpp"
#include "api/batch_results.hpp"
#include "api/hold_endpoints.hpp"
#include "api/json_object.hpp"
#include "api/media_type.hpp"
#include "api/plain_posting.hpp"
#include "api/transfer_endpoints.hpp"
#include "engine/engine.hpp"

namespace coffer::api {
namespace {

struct batch_operation {
    std::string_view name;
    endpoint answer;
    bool is_of_hold = false;
    bool only_credits = false;  ///< the line's account
};

constexpr std::array operations{
    batch_operation{.name = "deposit", .answer = &deposit, .only_credits = true},
    batch_operation{"withdraw", &withdraw},
    batch_operation{"transfer", &transfer},
    batch_operation{"hold", &place_hold},
    batch_operation{"capture", &capture_hold, true},
    batch_operation{"release", &release_hold, true},
};

const batch_operation* find_operation(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(operations, name, &batch_operation::name);
    return found != operations.end() ? found : nullptr;
}

/// Reads the hold of a line as a path's segment has it. False if something is wrong: then `out` is
/// the refusal.
bool read_hold(std::string_view line, json_room& room, std::string_view& hold, reply& out) {
    static constexpr std::array members{member{"hold", member_kind::text}};
    std::array<member_value, members.size()> values;
    const member_problem wrong = read_object(line, members, values, room);
    if (wrong.problem != problem::none)
        out.refuse_parameter(wrong.problem, wrong.name);
    // Nothing is percent-encoded here, and no id has such a character.
    const bool is_encoded = values[0].text.find('%') != std::string_view::npos;
    hold = is_encoded ? std::string_view{} : values[0].text;
    return wrong.problem == problem::none;
}

/// Answers a line as the endpoint of its operation does, for which the line is the body: it ignores
/// the members that it does not know.
void answer_operation(coffer::teller& teller, std::string_view line, const principal* who,
                      reply& out) {
    // None is required, so that a line that is no object is refused as such.
    static constexpr std::array members{member{"operation", member_kind::text, false},
                                        member{"account_number", member_kind::account, false},
                                        member{"key", member_kind::text, false}};
    std::array<member_value, members.size()> values;
    json_room room;
    const member_problem wrong = read_object(line, members, values, room);
    if (wrong.problem != problem::none && (wrong.name.empty() || values[0].is_repeated))
        return out.refuse_parameter(wrong.problem, wrong.name);
    const batch_operation* const operation = find_operation(values[0].text);
    if (operation == nullptr)
        return out.refuse(problem::operation_invalid);
    if (wrong.name == members[1].name)
        return out.refuse_parameter(wrong.problem, wrong.name);
    if (!values[1].is_present())
        return out.refuse_parameter(problem::account_number_missing, members[1].name);
    // A key that is wrong is refused by the endpoint, which looks at the body first.
    const bool is_key = wrong.problem == problem::none;
    const request single{
        .method = method::post,
        .target = {},
        .content_type = "application/json",
        .body = line,
        .idempotency_key = is_key ? values[2].text : std::string_view{},
        .idempotency_keys = static_cast<std::uint8_t>(values[2].is_present() ? 1 : 0),
        .has_key_text = true};
    call asked{.request = single, .account = values[1].account, .who = who};
    if (!operation->only_credits && !asked.may_use(asked.account))
        return out.refuse(problem::account_out_of_range);
    json_room hold_room;
    if (operation->is_of_hold && !read_hold(line, hold_room, asked.parameters[0], out))
        return;
    operation->answer(teller, asked, out);
}

/// The account of a line must be one that `who` may use, unless it is only credited: it is named in
/// the body, like the payee of a transfer.
void answer_line(coffer::teller& teller, std::string_view line, const principal* who, reply& out) {
    const auto plain = read_plain_posting(line);
    if (!plain)
        return answer_operation(teller, line, who, out);
    if (who != nullptr && !plain->is_deposit && !who->accounts.has(plain->account))
        return out.refuse(problem::account_out_of_range);
    const posting_result made = plain->is_deposit
                                    ? teller.deposit(plain->account, plain->amount, plain->key)
                                    : teller.withdraw(plain->account, plain->amount, plain->key);
    answer(made, "new_balance", out);
}

class batch_sink final : public line_sink {
public:
    explicit batch_sink(const call& asked)
        : results_{std::make_unique<batch_results>()}, lines_left_{asked.max_lines} {
        if (asked.who != nullptr)
            who_ = *asked.who;
    }

    state take(coffer::teller& teller, std::string_view line) override {
        if (lines_left_ == 0) {
            end_at_line(problem::body_too_large);
            return state::ended;
        }
        results_->make_room();
        const principal* const who = who_ ? &*who_ : nullptr;
        const acting for_bearer{teller, who};
        answer_line(teller, line, who, result_);
        if (teller.was_full())
            return state::waiting;
        results_->add(result_.body());
        --lines_left_;
        return state::taken;
    }

    bool end_at_line(problem why) override {
        results_->make_room();
        result_.refuse(why);
        results_->add(result_.body());
        return true;
    }

    // It may have arrived for so long that a leader has lost its right meanwhile: see ledger_right.
    void finish(coffer::teller& teller, reply& out) override {
        if (!teller.engine().rights().may_answer())
            return out.refuse(problem::outcome_unknown);
        // What was refused, or made by an earlier request, has no posting of its own to wait for.
        if (teller.confirm() != service::done)
            return out.refuse(problem::outcome_unknown);
        out.stream(200, ndjson, std::move(results_));
    }

    [[nodiscard]] std::size_t buffered_bytes() const noexcept override {
        return results_ ? results_->buffered_bytes() : 0;
    }

private:
    reply result_;  // of a line: always an envelope, whatever form the request's refusal has
    std::unique_ptr<batch_results> results_;
    std::size_t lines_left_;
    std::optional<principal> who_;  // nothing: there are no tokens
};

}  // namespace

std::unique_ptr<line_sink> open_batch(coffer::teller& teller, const call& asked, reply& out) {
    problem why = problem::none;
    if (asked.request.idempotency_keys != 0)
        why = problem::idempotency_key_invalid;
    else if (!teller.engine().is_open())
        why = problem::not_open;
    if (why == problem::none)
        return std::make_unique<batch_sink>(asked);
    out.refuse(why);
    return nullptr;
}

}  // namespace coffer::api
