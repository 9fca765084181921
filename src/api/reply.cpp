#include "api/reply.hpp"

#include <charconv>
#include <limits>

#include <coffer/money.hpp>

namespace coffer::api {
namespace {

template <class Integer>
void append_number(std::string& out, Integer value) {
    char digits[std::numeric_limits<Integer>::digits10 + 2];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_money(std::string& out, money value) {
    char text[money_max_chars];
    out.append(text, to_chars(text, text + sizeof text, value).ptr);
}

}  // namespace

void reply::begin(int status) noexcept {
    status_ = status;
    allow_ = {};
    content_type_ = "application/json";
    replayed_ = false;
    names_codings_ = false;
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

void reply::refuse(problem why) {
    const telling& row = tell(why);
    begin(row.status);
    body_ += R"({"success":false,"error":{"type":")";
    body_ += row.type;
    body_ += R"(","message":")";
    body_ += row.message;
    body_ += R"("},"code":)";
    append_number(body_, row.status);
    body_ += '}';
    names_codings_ = why == problem::content_coding_unsupported;
}

void reply::refuse_method(std::string_view allowed) {
    refuse(problem::method_not_allowed);
    allow_ = allowed;
}

void reply::list_methods(std::string_view allowed) noexcept {
    begin(204);
    allow_ = allowed;
}

}  // namespace coffer::api
