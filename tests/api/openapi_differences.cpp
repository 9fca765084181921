#include "api/openapi_differences.hpp"

#include <map>
#include <set>
#include <string_view>

#include "api/problem.hpp"
#include "api/route_refusals.hpp"

namespace coffer::api {
namespace {

namespace json = boost::json;
using names = std::set<std::string>;

/// What a route or an operation has, as texts that can be compared: "the parameter limit".
names of_route(const route& one) {
    names found;
    for (std::string_view path = one.path; path.find('{') != path.npos;) {
        path.remove_prefix(path.find('{') + 1);
        found.insert("the path's parameter " + std::string{path.substr(0, path.find('}'))});
    }
    for (const std::string_view name : one.rules.query)
        found.insert("the query's parameter " + std::string{name});
    const bool posts = one.method == method::post && one.rules.scope != scope::admin;
    if (posts && one.rules.body != body_kind::lines)
        found.insert("the header field Idempotency-Key");
    if (one.path == "/events")  // the table has no field that others do not have
        found.insert("the header field Last-Event-ID");
    if (one.rules.conditions == conditions::of_account)
        found.insert("the header field If-Match");
    if (one.rules.conditions == conditions::of_account && one.method == method::get)
        found.insert({"the header field If-None-Match", "the status 304"});
    constexpr std::string_view bodies[] = {"", "a body of JSON", "an optional body of JSON",
                                           "a body of lines"};
    if (one.rules.body != body_kind::none)
        found.insert(std::string{bodies[static_cast<std::size_t>(one.rules.body)]});
    if (one.rules.is_of_ledger && one.method == method::get)
        found.insert("the query's parameter stale");
    found.insert("the status " + std::to_string(one.rules.success));
    constexpr std::string_view scopes[] = {"anyone", "read", "post", "open", "admin"};
    found.insert("the scope " + std::string{scopes[static_cast<std::size_t>(one.rules.scope)]});
    const problem_set refused = refusals::of(one);
    for (int i = 1; i <= static_cast<int>(problem::internal_error); ++i) {
        if (!refused.has(static_cast<problem>(i)))
            continue;
        const problem_info& info = describe(static_cast<problem>(i));
        if (info.status < 400)
            found.insert("the status " + std::to_string(info.status));
        else
            found.insert("the refusal " + std::to_string(info.status) + " " +
                         std::string{info.type});
    }
    return found;
}

/// The object itself, or the component that it refers to.
const json::object& resolved(const json::object& document, const json::object& one) {
    const json::value* const reference = one.if_contains("$ref");  // "#/components/KIND/NAME"
    if (reference == nullptr)
        return one;
    std::string_view path = reference->as_string();
    const std::string_view name = path.substr(path.rfind('/') + 1);
    path.remove_suffix(name.size() + 1);
    return document.at("components")
        .as_object()
        .at(path.substr(path.rfind('/') + 1))
        .as_object()
        .at(name)
        .as_object();
}

void add_body(const json::object& operation, names& found) {
    const json::value* const body = operation.if_contains("requestBody");
    if (body == nullptr)
        return;
    const json::object& content = body->as_object().at("content").as_object();
    if (content.contains("application/x-ndjson"))
        found.insert("a body of lines");
    else if (body->as_object().at("required").as_bool())
        found.insert("a body of JSON");
    else
        found.insert("an optional body of JSON");
}

/// The types that a refusal's schema allows, in both of its forms.
void add_refusals(const std::string& status, const json::object& response, names& found) {
    const json::value& content = response.at("content");
    names types;
    for (const json::value& type :
         content.at_pointer("/application~1json/schema/properties/error/properties/type/enum")
             .as_array())
        types.insert(std::string{type.as_string()});
    names problems;
    for (const json::value& type :
         content.at_pointer("/application~1problem+json/schema/properties/type/enum").as_array())
        problems.insert(std::string{type.as_string()});
    for (const std::string& type : types) {
        found.insert("the refusal " + status + " " + type);
        if (problems.erase("urn:coffer:problem:" + type) == 0)
            found.insert("the refusal " + status + " " + type + " in one form only");
    }
    for (const std::string& type : problems)
        found.insert("the refusal " + status + " " + type + " in one form only");
}

names of_operation(const json::object& document, const json::object& operation) {
    names found;
    const std::string scope{operation.at("x-scope").as_string()};
    found.insert("the scope " + scope);
    if ((scope == "anyone") != operation.contains("security"))
        found.insert("the security of another scope");
    if (const json::value* const parameters = operation.if_contains("parameters")) {
        for (const json::value& each : parameters->as_array()) {
            const json::object& one = resolved(document, each.as_object());
            const std::string name{one.at("name").as_string()};
            const json::string& in = one.at("in").as_string();
            found.insert((in == "path"    ? "the path's parameter "
                          : in == "query" ? "the query's parameter "
                                          : "the header field ") +
                         name);
        }
    }
    add_body(operation, found);
    for (const auto& [status, response] : operation.at("responses").as_object()) {
        if (status.front() < '4')
            found.insert("the status " + std::string{status});
        else
            add_refusals(status, resolved(document, response.as_object()), found);
    }
    return found;
}

void compare(const std::string& where, const names& table, const names& document,
             std::vector<std::string>& out) {
    for (const std::string& one : table)
        if (!document.contains(one))
            out.push_back(where + one + " is not in the document");
    for (const std::string& one : document)
        if (!table.contains(one))
            out.push_back(where + one + " is not in the table");
}

}  // namespace

std::vector<std::string> openapi_differences(const json::object& document,
                                             std::span<const route> routes) {
    std::map<std::string, names> of_table;
    for (const route& one : routes)
        of_table[(one.method == method::get ? "GET " : "POST ") + std::string{one.path}] =
            of_route(one);
    std::map<std::string, names> of_document;
    for (const auto& [path, item] : document.at("paths").as_object())
        for (const auto& [how, operation] : item.as_object())
            of_document[(how == "get" ? "GET " : "POST ") + std::string{path}] =
                of_operation(document, operation.as_object());
    std::vector<std::string> found;
    for (const auto& [name, has] : of_table) {
        if (const auto other = of_document.find(name); other != of_document.end())
            compare(name + ": ", has, other->second, found);
        else
            found.push_back(name + " is not in the document");
    }
    for (const auto& one : of_document)
        if (!of_table.contains(one.first))
            found.push_back(one.first + " is not in the table");
    return found;
}

}  // namespace coffer::api
