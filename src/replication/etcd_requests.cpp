#include <array>
#include <charconv>

#include "ops/json_text.hpp"
#include "replication/base64.hpp"
#include "replication/etcd_json.hpp"

namespace coffer::replication::etcd_json {
namespace {

/// More than an operation's or a comparison's text without its key and value.
constexpr std::size_t frame_bytes = 160;

void append_number(std::string& out, std::int64_t number) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

/// Appends `"name":"<base64>"`.
void append_bytes(std::string& out, std::string_view name, std::string_view bytes) {
    out += '"';
    out += name;
    out += R"(":")";
    append_base64(out, bytes);
    out += '"';
}

/// Appends `,"name":"<number>"`, unless it is 0.
void append_field(std::string& out, std::string_view name, std::int64_t number) {
    if (number == 0)
        return;
    out += R"(,")";
    out += name;
    out += R"(":")";
    append_number(out, number);
    out += '"';
}

void append_range(std::string& out, const key_range& range) {
    append_bytes(out, "key", range.key);
    if (range.end.empty())
        return;
    out += ',';
    append_bytes(out, "range_end", range.end);
}

void append_read(std::string& out, const key_range& range) {
    append_range(out, range);
    append_field(out, "limit", range.limit);
    if (range.keys_only)
        out += R"(,"keys_only":true)";
    if (range.from_the_last)
        out += R"(,"sort_order":"DESCEND","sort_target":"KEY")";
}

std::string_view target_of(comparison::subject of) noexcept {
    switch (of) {
        case comparison::subject::create_revision:
            return R"("target":"CREATE","create_revision":")";
        case comparison::subject::mod_revision:
            return R"("target":"MOD","mod_revision":")";
        case comparison::subject::version:
            break;
    }
    return R"("target":"VERSION","version":")";
}

std::string_view result_of(comparison::relation is) noexcept {
    switch (is) {
        case comparison::relation::equal:
            return R"(","result":"EQUAL"})";
        case comparison::relation::greater:
            return R"(","result":"GREATER"})";
        case comparison::relation::less:
            return R"(","result":"LESS"})";
        case comparison::relation::not_equal:
            break;
    }
    return R"(","result":"NOT_EQUAL"})";
}

void append_operation(std::string& out, const operation& one) {
    switch (one.what) {
        case operation::kind::put:
            out += R"({"request_put":{)";
            append_bytes(out, "key", one.range.key);
            out += ',';
            append_bytes(out, "value", one.value);
            append_field(out, "lease", one.lease);
            break;
        case operation::kind::read:
            out += R"({"request_range":{)";
            append_read(out, one.range);
            break;
        case operation::kind::remove:
            out += R"({"request_delete_range":{)";
            append_range(out, one.range);
            break;
    }
    out += "}}";
}

void append_branch(std::string& out, std::string_view name, const std::vector<operation>& branch) {
    out += R"(,")";
    out += name;
    out += R"(":[)";
    for (const operation& one : branch) {
        if (&one != &branch.front())
            out += ',';
        append_operation(out, one);
    }
    out += ']';
}

std::size_t text_bytes(const std::vector<operation>& branch) noexcept {
    std::size_t bytes = 0;
    for (const operation& one : branch) {
        const std::size_t own = one.range.key.size() + one.range.end.size() + one.value.size();
        bytes += own / 3 * 4 + frame_bytes;
    }
    return bytes;
}

}  // namespace

std::string transaction_text(const transaction& asked) {
    std::string out;
    std::size_t bytes = frame_bytes + text_bytes(asked.success) + text_bytes(asked.failure);
    for (const comparison& one : asked.compare)
        bytes += one.key.size() / 3 * 4 + frame_bytes;
    out.reserve(bytes);
    out += R"({"compare":[)";
    for (const comparison& one : asked.compare) {
        out += &one == &asked.compare.front() ? "{" : ",{";
        append_bytes(out, "key", one.key);
        out += ',';
        out += target_of(one.of);
        append_number(out, one.value);
        out += result_of(one.is);
    }
    out += ']';
    append_branch(out, "success", asked.success);
    append_branch(out, "failure", asked.failure);
    out += '}';
    return out;
}

std::string range_text(const key_range& asked, bool may_be_old) {
    std::string out{'{'};
    append_read(out, asked);
    if (may_be_old)
        out += R"(,"serializable":true)";
    out += '}';
    return out;
}

std::string watch_text(const std::string& key, std::int64_t first_revision) {
    std::string out{R"({"create_request":{)"};
    append_bytes(out, "key", key);
    append_field(out, "start_revision", first_revision);
    out += "}}";
    return out;
}

std::string login_text(std::string_view user, std::string_view password) {
    std::string out{R"({"name":)"};
    append_json_string(out, user);
    out += R"(,"password":)";
    append_json_string(out, password);
    out += '}';
    return out;
}

}  // namespace coffer::replication::etcd_json
