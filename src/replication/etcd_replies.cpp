#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <limits>

#include "replication/base64.hpp"
#include "replication/etcd_json.hpp"

namespace coffer::replication::etcd_json {
namespace {

namespace json = boost::json;

/// What is thrown within this file for a reply that is not as it has to be.
struct malformed {};

/// A text's value, with the memory that it is made of.
class document {
public:
    explicit document(std::string_view text) {
        boost::system::error_code error;
        value_ = json::parse({text.data(), text.size()}, error, &memory_);
        if (error)
            throw malformed{};
    }
    document(const document&) = delete;
    document& operator=(const document&) = delete;

    [[nodiscard]] const json::object& root() const {
        if (!value_.is_object())
            throw malformed{};
        return value_.get_object();
    }

private:
    json::monotonic_resource memory_;
    json::value value_;
};

const json::value* find(const json::object& in, std::string_view name) {
    return in.if_contains({name.data(), name.size()});
}

const json::object* find_object(const json::object& in, std::string_view name) {
    const json::value* const found = find(in, name);
    if (found == nullptr || found->is_null())
        return nullptr;
    if (!found->is_object())
        throw malformed{};
    return &found->get_object();
}

/// Null if there is none: an array without elements is left out.
const json::array* find_array(const json::object& in, std::string_view name) {
    const json::value* const found = find(in, name);
    if (found == nullptr || found->is_null())
        return nullptr;
    if (!found->is_array())
        throw malformed{};
    return &found->get_array();
}

std::string_view text_of(const json::object& in, std::string_view name) {
    const json::value* const found = find(in, name);
    if (found == nullptr || found->is_null())
        return {};
    if (!found->is_string())
        throw malformed{};
    const json::string& text = found->get_string();
    return {text.data(), text.size()};
}

std::string bytes_of(const json::object& in, std::string_view name) {
    std::optional<std::string> bytes = from_base64(text_of(in, name));
    if (!bytes)
        throw malformed{};
    return *std::move(bytes);
}

/// 0 if there is none. A number may be a string or not.
template <class Number = std::int64_t>
Number number_of(const json::object& in, std::string_view name) {
    const json::value* const found = find(in, name);
    if (found == nullptr || found->is_null())
        return 0;
    if (found->is_string()) {
        const json::string& digits = found->get_string();
        Number number{};
        const char* const end = digits.data() + digits.size();
        const auto [stop, error] = std::from_chars(digits.data(), end, number);
        if (error != std::errc{} || stop != end)
            throw malformed{};
        return number;
    }
    boost::system::error_code error;
    const auto number = found->to_number<Number>(error);
    if (error)
        throw malformed{};
    return number;
}

bool flag_of(const json::object& in, std::string_view name) {
    const json::value* const found = find(in, name);
    if (found == nullptr || found->is_null())
        return false;
    if (!found->is_bool())
        throw malformed{};
    return found->get_bool();
}

plain_reply header_of(const json::object& root) {
    const json::object* const header = find_object(root, "header");
    if (header == nullptr)
        throw malformed{};
    return {std::string{text_of(*header, "cluster_id")}, number_of(*header, "revision")};
}

std::vector<key_value> keys_of(const json::object& reply) {
    std::vector<key_value> keys;
    const json::array* const found = find_array(reply, "kvs");
    if (found == nullptr)
        return keys;
    keys.reserve(found->size());
    for (const json::value& one : *found) {
        if (!one.is_object())
            throw malformed{};
        const json::object& each = one.get_object();
        keys.push_back({bytes_of(each, "key"), bytes_of(each, "value"),
                        number_of(each, "create_revision"), number_of(each, "mod_revision"),
                        number_of(each, "version"), number_of(each, "lease")});
    }
    return keys;
}

operation_result result_of(const json::object& response, operation::kind what) {
    operation_result result;
    const bool is_read = what == operation::kind::read;
    const json::object* const found =
        find_object(response, is_read                        ? "response_range"
                              : what == operation::kind::put ? "response_put"
                                                             : "response_delete_range");
    if (found == nullptr)
        throw malformed{};
    if (is_read)
        result.found = keys_of(*found);
    if (what != operation::kind::put)
        result.count = number_of(*found, is_read ? "count" : "deleted");
    return result;
}

/// The reply to a stream's request is in a member `result`.
const json::object& without_frame(const json::object& root) {
    const json::object* const framed = find_object(root, "result");
    return framed != nullptr ? *framed : root;
}

/// What `read` returns for the text; nothing if the text is malformed.
template <class Read>
auto read_from(std::string_view text, const Read& read)
    -> std::optional<decltype(read(std::declval<const json::object&>()))> {
    try {
        const document parsed{text};
        return read(parsed.root());
    } catch (const malformed&) {
        return std::nullopt;
    }
}

}  // namespace

std::optional<transaction_reply> read_transaction(std::string_view text, const transaction& asked) {
    return read_from(text, [&asked](const json::object& root) {
        transaction_reply reply;
        auto [cluster, revision] = header_of(root);
        reply.cluster = std::move(cluster);
        reply.result.revision = revision;
        reply.result.succeeded = flag_of(root, "succeeded");
        const auto& branch = reply.result.succeeded ? asked.success : asked.failure;
        const json::array* const responses = find_array(root, "responses");
        if ((responses == nullptr ? 0 : responses->size()) != branch.size())
            throw malformed{};
        for (std::size_t at = 0; at < branch.size(); ++at) {
            const json::value& response = (*responses)[at];
            if (!response.is_object())
                throw malformed{};
            reply.result.results.push_back(result_of(response.get_object(), branch[at].what));
        }
        return reply;
    });
}

std::optional<range_reply> read_range(std::string_view text) {
    return read_from(text, [](const json::object& root) {
        auto [cluster, revision] = header_of(root);
        return range_reply{std::move(cluster), {keys_of(root), number_of(root, "count"), revision}};
    });
}

std::optional<lease_reply> read_lease(std::string_view text) {
    return read_from(text, [](const json::object& root) {
        const json::object& reply = without_frame(root);
        const std::int64_t seconds = number_of(reply, "TTL");
        return lease_reply{header_of(reply).cluster,
                           {number_of(reply, "ID"), std::chrono::seconds{seconds}}};
    });
}

std::optional<plain_reply> read_plain(std::string_view text) {
    return read_from(text, [](const json::object& root) { return header_of(root); });
}

std::optional<status_reply> read_status(std::string_view text) {
    return read_from(text, [](const json::object& root) {
        return status_reply{number_of<std::uint64_t>(root, "dbSize"),
                            number_of<std::uint64_t>(root, "dbSizeInUse")};
    });
}

std::optional<std::vector<std::uint64_t>> read_space_alarms(std::string_view text) {
    return read_from(text, [](const json::object& root) {
        std::vector<std::uint64_t> members;
        if (const json::array* const alarms = find_array(root, "alarms"))
            for (const json::value& alarm : *alarms) {
                if (!alarm.is_object())
                    throw malformed{};
                if (text_of(alarm.get_object(), "alarm") == "NOSPACE")
                    members.push_back(number_of<std::uint64_t>(alarm.get_object(), "memberID"));
            }
        return members;
    });
}

std::optional<std::string> read_token(std::string_view text) {
    return read_from(text, [](const json::object& root) {
        const std::string_view token = text_of(root, "token");
        // It becomes a field of the head.
        for (const char c : token)
            if (c <= ' ' || c > '~')
                throw malformed{};
        if (token.empty())
            throw malformed{};
        return std::string{token};
    });
}

watch_reply read_watch_line(std::string_view line) {
    const auto reply = read_from(line, [](const json::object& root) {
        const json::object* const result = find_object(root, "result");
        if (result == nullptr)
            throw malformed{};
        watch_reply found{watch_line::nothing, number_of(*result, "compact_revision")};
        if (find_array(*result, "events") != nullptr)
            found.line = watch_line::changed;
        else if (flag_of(*result, "canceled"))
            found.line = watch_line::no_watch;
        return found;
    });
    return reply.value_or(watch_reply{});
}

std::optional<etcd_error> read_error(std::string_view text) {
    return read_from(text, [](const json::object& root) {
        const json::value* const nested = find(root, "error");
        const bool is_nested = nested != nullptr && nested->is_object();
        const json::object& error = is_nested ? nested->get_object() : root;
        const bool has_code = find(error, "code") != nullptr;
        if (!has_code && find(error, "grpc_code") == nullptr)
            throw malformed{};
        const auto code = number_of(error, has_code ? "code" : "grpc_code");
        return etcd_error{static_cast<int>(code), std::string{text_of(error, "message")}};
    });
}

}  // namespace coffer::replication::etcd_json
