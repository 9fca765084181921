#include "api/reply.hpp"

#include <algorithm>
#include <stdexcept>

#include "ops/text.hpp"

namespace coffer::api {

void reply::begin(int status) noexcept {
    status_ = status;
    content_type_ = "application/json";
    field_count_ = 0;
    copied_bytes_ = 0;
    body_.clear();
    stream_.reset();
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
    begin(200);
    body_ += R"({"success":true,"data":{")";
    body_ += name;
    body_ += R"(":true},"code":200})";
}

void reply::append_error(const problem_info& info, std::string_view parameter) {
    body_ += R"({"success":false,"error":{"type":")";
    body_ += info.type;
    body_ += R"(","message":")";
    body_ += info.message;
    if (!parameter.empty()) {
        body_ += R"(","parameter":")";
        body_ += parameter;
    }
    body_ += R"("},"code":)";
    append_number(body_, info.status);
    body_ += '}';
}

void reply::refuse(problem why) {
    refuse_parameter(why, {});
}

void reply::refuse_parameter(problem why, std::string_view name) {
    const problem_info& info = describe(why);
    begin(info.status);
    append_error(info, info.type == "invalid_parameter" ? name : std::string_view{});
    // RFC 9110, section 12.5.3: only where the coding is what is wrong.
    if (why == problem::content_coding_unsupported)
        add_field("Accept-Encoding", "identity");
    if (info.status == 503 || info.status == 409)
        add_field("Retry-After", "1");
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
