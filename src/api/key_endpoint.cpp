#include "api/key_endpoint.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "api/answers.hpp"
#include "api/history_page.hpp"
#include "api/percent_encoding.hpp"
#include "engine/engine.hpp"
#include "engine/request_key.hpp"
#include "ops/text.hpp"

namespace coffer::api {
namespace {

/// Appends the data of the reply: the reply that the request got, by its record.
void append_outcome(std::string& out, std::string_view key, const journal::record& one,
                    std::uint64_t number) {
    reply made;
    answer(one, made);
    out += R"({"key":")";
    for (const char c : key) {  // visible characters and spaces
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    out += R"(","status":)";
    append_number(out, made.status());
    out += R"(,"reply":)";
    out += made.body();
    if (const std::string_view location = made.field("Location"); !location.empty()) {
        out += R"(,"location":")";
        out += location;
        out += '"';
    }
    if (number != 0) {
        out += R"(,"record":)";
        append_number(out, number);
    }
    out += '}';
}

/// Whether the record's key is this one, also by today's syntax if a program of format 1 wrote it:
/// see key_recovery.
bool has_key(const journal::record& one, const std::string& key) {
    if (one.key.text == key)
        return true;
    const std::string text{one.key.text};
    request_key_room room;
    return read_request_key(text.starts_with('"') ? text : '"' + text + '"', room) == key;
}

/// The client that asks, for whom an outcome may be of accounts that it may not see.
class viewer {
public:
    explicit viewer(const call& asked)
        : name_{asked.who == nullptr ? std::string{} : asked.who->name}, seen_{asked.usable()} {}

    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// Whether it may see the reply to a request. To one of its own: if it may use the accounts
    /// that were debited or opened, as it must to post. To that of a key that belongs to no name:
    /// if it may use all of its accounts.
    [[nodiscard]] bool may_see(const journal::record& one, bool is_own) const {
        if (seen_.has_all())
            return true;
        if (one.kind == journal::record_kind::refusal)
            return seen_.has(one.state.account) ||
                   (is_own && one.names_account && one.error != errc::insufficient_funds);
        for (std::size_t i = 0; i != one.legs.size(); ++i)
            if ((!is_own || one.legs[i].amount < money{}) && !seen_.has(one.legs[i].state.account))
                return false;
        return one.legs.size() != 0 ||
               (seen_.has(one.state.account) &&
                (is_own || one.payee.account == 0 || seen_.has(one.payee.account)));
    }

private:
    const std::string name_;
    const account_ranges seen_;
};

/// Finds the record of a key by its number.
class outcome_job final : public history_job {
public:
    outcome_job(std::string key, std::uint64_t number, viewer by)
        : key_{std::move(key)}, number_{number}, by_{std::move(by)} {}

    /// The data of the reply; empty if the key is not that record's, or it is not to be seen.
    [[nodiscard]] const std::string& data() const noexcept { return data_; }

protected:
    void read(journal::history& past) override {
        const std::optional<journal::extent> where = past.at(number_);
        if (!where)
            return;
        past.read(*where, [this](const journal::batch_view& one) {
            std::uint64_t number = one.header.first_record;
            if (number > number_ || number_ >= number + one.header.records)
                return;
            visit_records(one, [&](const journal::record& each) {
                if (number++ == number_ && has_key(each, key_) &&
                    by_.may_see(each, each.actor == by_.name()))
                    append_outcome(data_, key_, each, number_);
            });
        });
    }

private:
    const std::string key_;
    const std::uint64_t number_;
    const viewer by_;
    std::string data_;
};

class outcome_page final : public history_page {
public:
    explicit outcome_page(std::shared_ptr<outcome_job> job)
        : history_page{job}, job_{std::move(job)} {}

protected:
    state write(std::string& text) override {
        if (job_->data().empty())
            return fail(problem::idempotency_key_unknown);
        text += R"({"success":true,"data":)";
        text += job_->data();
        text += R"(,"code":200})";
        return state::done;
    }

private:
    const std::shared_ptr<outcome_job> job_;
};

}  // namespace

void show_key(coffer::teller& teller, const call& asked, reply& out) {
    request_key_room room;
    const auto size = percent_decode(asked.parameters[0], room);
    const std::string_view key{room.data(), size.value_or(0)};
    if (!journal::is_request_key(key))
        return out.refuse(problem::idempotency_key_invalid);
    if (!teller.engine().is_open())
        return out.refuse(problem::not_open);
    const key_store::remembered found = teller.find_key(key);
    if (found.standing == key_store::standing::in_progress)
        return out.refuse(problem::request_in_progress);
    if (found.standing == key_store::standing::unknown)
        return out.refuse(problem::idempotency_key_unknown);
    if (found.record != 0)
        return out.stream(200, "application/json",
                          std::make_unique<outcome_page>(std::make_shared<outcome_job>(
                              std::string{key}, found.record, viewer{asked})));
    const auto decoded = journal::decode(std::span{found.kept}.first(found.bytes));
    if (!decoded || !viewer{asked}.may_see(decoded.value, found.is_owners))
        return out.refuse(problem::idempotency_key_unknown);
    out.data(200, [&](std::string& text) { append_outcome(text, key, decoded.value, 0); });
}

}  // namespace coffer::api
