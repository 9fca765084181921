#include "replication/node_report.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace coffer::replication {
namespace {

namespace json = boost::json;

// A missing member leaves `into` as it is; one of another type makes the whole no report.
bool read(const json::object& from, std::string_view name, std::string& into) {
    const json::value* const found = from.if_contains(name);
    if (found == nullptr)
        return true;
    if (!found->is_string())
        return false;
    into = found->get_string().c_str();
    return true;
}

bool read(const json::object& from, std::string_view name, std::uint64_t& into) {
    const json::value* const found = from.if_contains(name);
    if (found == nullptr)
        return true;
    json::error_code error;
    into = found->to_number<std::uint64_t>(error);
    return !error;
}

bool read(const json::object& from, std::string_view name, bool& into) {
    const json::value* const found = from.if_contains(name);
    if (found == nullptr)
        return true;
    if (!found->is_bool())
        return false;
    into = found->get_bool();
    return true;
}

std::optional<json::object> parse_object(std::string_view text) {
    json::error_code error;
    json::value parsed = json::parse(text, error);
    if (error || !parsed.is_object())
        return std::nullopt;
    return std::move(parsed.get_object());
}

std::string text_in(std::string_view object, std::string_view name) {
    std::string value;
    if (const auto found = parse_object(object))
        static_cast<void>(read(*found, name, value));
    return value;
}

}  // namespace

std::string encode(const node_report& one) {
    return json::serialize(json::object{{"url", one.url},
                                        {"incarnation", one.incarnation},
                                        {"synced_entry", one.synced_entry},
                                        {"synced_record", one.synced_record},
                                        {"applied_record", one.applied_record},
                                        {"is_catching_up", one.is_catching_up},
                                        {"reported_ns", one.reported_ns}});
}

std::optional<node_report> decode_report(std::string_view text) {
    const auto found = parse_object(text);
    node_report one;
    if (!found || !read(*found, "url", one.url) || !read(*found, "incarnation", one.incarnation) ||
        !read(*found, "synced_entry", one.synced_entry) ||
        !read(*found, "synced_record", one.synced_record) ||
        !read(*found, "applied_record", one.applied_record) ||
        !read(*found, "is_catching_up", one.is_catching_up) ||
        !read(*found, "reported_ns", one.reported_ns))
        return std::nullopt;
    return one;
}

std::string encode_member(std::string_view url, bool was_added) {
    return json::serialize(json::object{{"url", url}, {"added", was_added}});
}

bool is_added_member(std::string_view text) {
    const auto found = parse_object(text);
    bool was_added = false;
    return found && read(*found, "added", was_added) && was_added;
}

std::string decode_member(std::string_view text) {
    return text_in(text, "url");
}

std::string decode_node(std::string_view text) {
    return text_in(text, "node");
}

}  // namespace coffer::replication
