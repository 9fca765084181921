#include "api/reply.hpp"

#include <algorithm>
#include <stdexcept>

#include "ops/text.hpp"
#include "ops/utc_time.hpp"

namespace coffer::api {

void reply::begin(int status) noexcept {
    status_ = status;
    content_type_ = "application/json";
    field_count_ = 0;
    copied_bytes_ = 0;
    body_.clear();
    stream_.reset();
}

void reply::end_envelope() {
    body_ += R"(,"code":)";
    append_number(body_, status_);
    body_ += '}';
}

void reply::posted(const posting& made, std::string_view balance_name) {
    begin(200);
    body_ += R"({"success":true,"data":{"account_number":")";
    append_number(body_, made.account);
    body_ += R"(",")";
    body_ += balance_name;
    body_ += R"(":)";
    append_money(body_, made.balance);
    body_ += R"(},"code":200})";
}

void reply::affirm(std::string_view name) {
    data(200, [name](std::string& out) {
        out += R"({")";
        out += name;
        out += R"(":true})";
    });
}

void reply::append_error(const problem_info& info, const error_members& members) {
    const auto append_text = [this](std::string_view name, std::string_view value) {
        if (value.empty())
            return;
        body_ += R"(,")";
        body_ += name;
        body_ += R"(":")";
        body_ += value;
        body_ += '"';
    };
    body_ += R"({"success":false,"error":{"type":")";
    body_ += info.type;
    body_ += '"';
    append_text("message", info.message);
    append_text("parameter", members.parameter);
    if (members.account != 0) {
        body_ += R"(,"account_number":")";
        append_number(body_, members.account);
        body_ += '"';
    }
    if (members.available) {
        body_ += R"(,"available":)";
        append_money(body_, *members.available);
    }
    append_text("hold_status", members.hold_status);
    if (members.beginning) {
        body_ += R"(,"first_record":)";
        append_number(body_, members.beginning->first_record);
        append_text("first_time", to_utc_text(members.beginning->first_time_ns));
    }
    body_ += '}';
    end_envelope();
}

void reply::refuse(problem why, const error_members& members) {
    const problem_info& info = describe(why);
    begin(info.status);
    append_error(info, members);
    // RFC 9110, section 12.5.3: only where the coding is what is wrong.
    if (why == problem::content_coding_unsupported)
        add_field("Accept-Encoding", "identity");
    if (info.status == 503 || why == problem::request_in_progress)
        add_field("Retry-After", "1");
}

void reply::refuse_parameter(problem why, std::string_view name) {
    const bool is_named = describe(why).type == "invalid_parameter";
    refuse(why, {.parameter = is_named ? name : std::string_view{}});
}

void reply::refuse_method(std::string_view allowed) {
    refuse(problem::method_not_allowed);
    add_field("Allow", allowed);
}

void reply::list_methods(std::string_view allowed) {
    begin(204);
    add_field("Allow", allowed);
}

void reply::add_field(std::string_view name, std::string_view value) {
    if (field_count_ == fields_.size())
        throw std::length_error{"a reply has too many fields"};
    fields_[field_count_++] = {name, value};
}

void reply::add_copied_field(std::string_view name, std::string_view value) {
    if (value.size() > copied_.size() - copied_bytes_)
        throw std::length_error{"the fields of a reply are too long"};
    char* const place = copied_.data() + copied_bytes_;
    std::copy(value.begin(), value.end(), place);
    add_field(name, {place, value.size()});
    copied_bytes_ += value.size();
}

std::string_view reply::field(std::string_view name) const noexcept {
    for (const reply_field& one : fields())
        if (one.name == name)
            return one.value;
    return {};
}

}  // namespace coffer::api
