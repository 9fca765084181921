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

/// Finds the record of a key by its number.
class outcome_job final : public history_job {
public:
    outcome_job(std::string key, std::uint64_t number) : key_{std::move(key)}, number_{number} {}

    /// The data of the reply; empty if the key is not that record's.
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
                if (number++ == number_ && has_key(each, key_))
                    append_outcome(data_, key_, each, number_);
            });
        });
    }

private:
    const std::string key_;
    const std::uint64_t number_;
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
                          std::make_unique<outcome_page>(
                              std::make_shared<outcome_job>(std::string{key}, found.record)));
    const auto decoded = journal::decode(std::span{found.kept}.first(found.bytes));
    if (!decoded)
        return out.refuse(problem::idempotency_key_unknown);
    out.data(200, [&](std::string& text) { append_outcome(text, key, decoded.value, 0); });
}

}  // namespace coffer::api
