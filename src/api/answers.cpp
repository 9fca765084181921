#include "api/answers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "api/account_text.hpp"
#include "api/hold_text.hpp"
#include "ops/hold_id_text.hpp"
#include "ops/text.hpp"

namespace coffer::api {
namespace {

/// Whether the refusal is about one account among others.
bool is_about_account(errc refusal) noexcept {
    return refusal == errc::no_such_account || refusal == errc::insufficient_funds ||
           refusal == errc::balance_overflow || refusal == errc::account_closed ||
           refusal == errc::sequence_exhausted;
}

void refuse(errc refusal, const posting& decided_by, hold_status ended_as, names_account names,
            reply& out) {
    error_members members;
    if (names == names_account::yes && is_about_account(refusal))
        members.account = decided_by.account;
    if (refusal == errc::insufficient_funds)
        members.available = decided_by.available();
    if (refusal == errc::hold_ended)
        members.hold_status = name_of(ended_as);
    out.refuse(problem_of(refusal), members);
}

/// Makes the reply: if it was done, by `write`.
template <class Write>
void reply_to(const request_result& what, names_account names, reply& out, const Write& write) {
    if (what.service != service::done)
        return out.refuse(problem_of(what.service));
    if (what.error == errc::ok)
        write();
    else
        refuse(what.error, what.decided_by, what.ended_as, names, out);
    if (what.replayed)
        out.mark_replayed();
}

/// A text of limited size, for a field of a reply.
class short_text {
public:
    template <class... Parts>
    explicit short_text(Parts... parts) noexcept {
        (append(parts), ...);
    }
    [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }

private:
    void append(std::string_view text) noexcept {
        std::copy(text.begin(), text.end(), text_.data() + size_);
        size_ += text.size();
    }
    void append(std::uint64_t number) noexcept {
        char* const begin = text_.data() + size_;
        size_ += static_cast<std::size_t>(
            std::to_chars(begin, text_.data() + text_.size(), number).ptr - begin);
    }

    std::array<char, 96> text_;  // three numbers of 20 digits, and names
    std::size_t size_ = 0;
};

void append_new_balance(std::string& out, const posting& made) {
    out += R"({"account_number":")";
    append_number(out, made.account);
    out += R"(","new_balance":)";
    append_money(out, made.balance);
    out += '}';
}

}  // namespace

void answer(const posting_result& what, std::string_view balance_name, reply& out) {
    const request_result made{.service = what.service,
                              .error = what.outcome.error,
                              .replayed = what.replayed,
                              .decided_by = what.outcome.posting};
    reply_to(made, names_account::no, out, [&] { out.posted(what.outcome.posting, balance_name); });
}

void answer_balance(const posting_result& what, reply& out) {
    const posting& last = what.outcome.posting;
    if (what.service != service::done || !what.outcome || last.held == money{})
        return answer(what, "balance", out);
    out.data(200, [&last](std::string& text) {
        text += R"({"account_number":")";
        append_number(text, last.account);
        text += R"(",)";
        append_balances(text, last);
        text += '}';
    });
    out.set_tag(last.sequence);
}

void answer(const account_result& what, int status, reply& out) {
    reply_to(what, names_account::no, out, [&] {
        out.data(status, [&what](std::string& text) { append_whole_account(text, what.account); });
        out.set_tag(what.account.sequence);
        if (status == 201)
            out.add_copied_field("Location", short_text{"/accounts/", what.account.account}.view());
    });
}

void answer(const transfer_result& what, reply& out) {
    const auto write = [&what](std::string& text) {
        text += R"({"amount":)";
        append_money(text, what.amount);
        text += R"(,"from":)";
        append_new_balance(text, what.from);
        text += R"(,"to":)";
        append_new_balance(text, what.to);
        text += '}';
    };
    reply_to(what, names_account::yes, out, [&] {
        out.data(200, write);
        out.set_tag(what.from.sequence);
    });
}

void answer(const transaction_result& what, std::span<const leg> legs, reply& out) {
    const auto write = [&what, legs](std::string& text) {
        text += R"({"postings":[)";
        for (std::size_t i = 0; i != what.count; ++i) {
            text += i == 0 ? R"({"account_number":")" : R"(,{"account_number":")";
            append_number(text, what.postings[i].account);
            text += R"(","amount":)";
            append_money(text, legs[i].amount);
            text += R"(,"new_balance":)";
            append_money(text, what.postings[i].balance);
            text += '}';
        }
        text += "]}";
    };
    reply_to(what, names_account::yes, out, [&] { out.data(200, write); });
}

void answer(const hold_result& what, int status, names_account names, reply& out) {
    reply_to(what, names, out, [&] {
        out.data(status,
                 [&what](std::string& text) { append_hold(text, what.hold, what.account); });
        out.set_tag(what.account.sequence);
        if (status == 201)
            out.add_copied_field("Location", short_text{"/accounts/", what.hold.account, "/holds/",
                                                        hold_id_text{what.hold.id}.view()}
                                                 .view());
    });
}

void answer(const journal::record& one, reply& out) {
    using journal::hold_operation;
    using journal::posting_operation;
    using journal::record_kind;
    std::array<leg, max_transaction_legs> legs;
    switch (one.kind) {
        case record_kind::posting:
            if (one.operation == posting_operation::opening)
                return answer(result_of<account_result>(one), 201, out);
            return answer(result_of<posting_result>(one), "new_balance", out);
        case record_kind::transfer:
            return answer(result_of<transfer_result>(one), out);
        case record_kind::refusal:
            return answer(result_of<hold_result>(one), 200,
                          one.names_account ? names_account::yes : names_account::no, out);
        case record_kind::transaction:
            for (std::size_t i = 0; i != one.legs.size(); ++i)
                legs[i] = {one.legs[i].state.account, one.legs[i].amount};
            return answer(result_of<transaction_result>(one),
                          std::span{legs}.first(one.legs.size()), out);
        case record_kind::hold:
            return answer(result_of<hold_result>(one),
                          one.holding == hold_operation::placing ? 201 : 200, names_account::no,
                          out);
        case record_kind::status:
            return answer(result_of<account_result>(one), 200, out);
    }
}

}  // namespace coffer::api
