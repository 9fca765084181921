#include "api/reply.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "api/media_type.hpp"
#include "ops/text.hpp"
#include "ops/utc_time.hpp"

namespace coffer::api {
namespace {

/// What makes a URI of an error's type.
constexpr std::string_view problem_prefix = "urn:coffer:problem:";

/// Appends a type as words: "insufficient_funds" is "Insufficient funds".
void append_title(std::string& out, std::string_view type) {
    const std::size_t begin = out.size();
    out += type;
    std::replace(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), '_', ' ');
    out[begin] = static_cast<char>(out[begin] - 'a' + 'A');
}

}  // namespace

void reply::begin(int status) noexcept {
    status_ = status;
    why_ = problem::none;
    tag_ = 0;
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
    tag_ = made.sequence;
    body_ += R"({"success":true,"data":{"account_number":")";
    append_number(body_, made.account);
    body_ += R"(",")";
    body_ += balance_name;
    body_ += R"(":)";
    append_money(body_, made.balance);
    body_ += R"(},"code":200})";
}

void reply::not_modified() noexcept {
    const std::uint64_t tag = tag_;
    begin(304);
    tag_ = tag;
}

void reply::affirm(std::string_view name) {
    data(200, [name](std::string& out) {
        out += R"({")";
        out += name;
        out += R"(":true})";
    });
}

/// A member behind others; none if the text is empty.
void reply::append_text(std::string_view name, std::string_view value) {
    if (value.empty())
        return;
    body_ += R"(,")";
    body_ += name;
    body_ += R"(":")";
    body_ += value;
    body_ += '"';
}

void reply::append_members(const error_members& members) {
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
    append_text("role", members.role);
    if (!members.checks.empty())
        body_.append(R"(,"checks":)").append(members.checks);
    if (members.beginning) {
        body_ += R"(,"first_record":)";
        append_number(body_, members.beginning->first_record);
        append_text("first_time", to_utc_text(members.beginning->first_time_ns));
    }
}

void reply::append_error(const problem_info& info, const error_members& members) {
    body_ += R"({"success":false,"error":{"type":")";
    body_ += info.type;
    body_ += '"';
    append_text("message", info.message);
    append_members(members);
    body_ += '}';
    end_envelope();
}

void reply::append_problem(const problem_info& info, const error_members& members) {
    body_ += R"({"type":")";
    body_ += problem_prefix;
    body_ += info.type;
    body_ += R"(","title":")";
    append_title(body_, info.type);
    body_ += R"(","status":)";
    append_number(body_, info.status);
    append_text("detail", info.message);
    append_members(members);
    body_ += '}';
}

void reply::refuse(problem why, const error_members& members) {
    const problem_info& info = describe(why);
    begin(info.status);
    why_ = why;
    if (form_ == refusal_form::problem) {
        content_type_ = problem_json;
        append_problem(info, members);
    } else {
        append_error(info, members);
    }
    // RFC 9110, section 12.5.3: only where the coding is what is wrong.
    if (why == problem::content_coding_unsupported)
        add_field("Accept-Encoding", "identity");
    if (info.status == 503 || info.status == 429 || why == problem::request_in_progress)
        add_field("Retry-After", "1");
    // RFC 6750, section 3: a request without a token gets no error code.
    if (info.status == 401)
        add_field("WWW-Authenticate", why == problem::token_unknown
                                          ? R"(Bearer realm="coffer", error="invalid_token")"
                                          : R"(Bearer realm="coffer")");
    if (members.as_of)
        state_as_of(*members.as_of);
}

void reply::lead_to(std::string url) {
    refuse(problem::leader_elsewhere);
    location_ = std::move(url);
    add_field("Location", location_);
}

void reply::state_as_of(const as_of& state) {
    std::string text;
    append_number(text, state.record);
    add_copied_field("Coffer-As-Of", text);
    text.clear();
    append_number(text, state.age_s);
    add_copied_field("Age", text);
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
