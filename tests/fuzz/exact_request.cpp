#include "fuzz/exact_request.hpp"

#include <map>
#include <vector>

#include "fuzz/exact_chunks.hpp"
#include "fuzz/exact_target.hpp"
#include "fuzz/text.hpp"

namespace coffer::fuzz {
namespace {

using verdict = exact_request::verdict;
using fields = std::map<std::string, std::vector<std::string_view>>;  // by names in small letters

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> lines_of(std::string_view head) {
    std::vector<std::string_view> lines;
    while (!head.empty()) {
        const std::size_t end = head.find("\r\n");
        lines.push_back(head.substr(0, end));
        head.remove_prefix(end + 2);
    }
    return lines;
}

/// Reads the request line; false if it is to be refused.
bool read_first_line(std::string_view line, const http::limits& allowed, exact_request& request) {
    const auto parts = split(line, " ");
    if (line.size() >= allowed.request_line_bytes() || parts.size() != 3 || !is_token(parts[0]))
        return false;
    request.method = parts[0];
    request.target = parts[1];
    const auto what = read_target(parts[1]).what;
    if (what == exact_target::kind::malformed || parts[1].size() > allowed.target_bytes)
        return false;
    if (what == exact_target::kind::asterisk && request.method != "OPTIONS")
        return false;
    request.keep_alive = parts[2] == "HTTP/1.1";
    return parts[2] == "HTTP/1.1" || parts[2] == "HTTP/1.0";
}

bool are_hosts_good(const std::vector<std::string_view>& hosts, bool is_http_1_0) {
    if (hosts.empty())
        return is_http_1_0;
    return hosts.size() == 1 && is_authority(hosts[0], true);
}

bool are_expectations_met(const std::vector<std::string_view>& expected) {
    return std::all_of(expected.begin(), expected.end(), [](std::string_view one) {
        return in_small_letters(one) == "100-continue";
    });
}

/// Reads the options of Connection, and of what old clients of proxies send for it; false if they
/// are no list. To close goes before all else (RFC 9112, section 9.3).
bool read_connection(fields& all, exact_request& request) {
    bool closes = false;
    for (const char* const name : {"connection", "proxy-connection"}) {
        for (const std::string_view value : all[name]) {
            for (const std::string_view part : split(value, ",")) {
                const std::string option = in_small_letters(trimmed(part));
                if (!option.empty() && !is_token(option))
                    return false;
                closes = closes || option == "close";
                request.keep_alive = request.keep_alive || option == "keep-alive";
            }
        }
    }
    request.keep_alive = request.keep_alive && !closes;
    return true;
}

/// Reads a body of the length that the field says, or of none.
void read_sized_body(std::string_view bytes, const std::vector<std::string_view>& lengths,
                     const http::limits& allowed, exact_request& request) {
    if (lengths.empty()) {
        request.what = verdict::whole;
        return;
    }
    if (lengths.size() > 1 || lengths[0].empty() || !consists_of(lengths[0], {digits}))
        return;
    const std::size_t first = std::min(lengths[0].find_first_not_of('0'), lengths[0].size() - 1);
    const std::string length{lengths[0].substr(first)};
    constexpr std::size_t most_digits = 9;
    if (length.size() > most_digits || std::stoul(length) > allowed.body_bytes)
        return;
    request.body = bytes.substr(0, std::stoul(length));
    request.size += request.body.size();
    request.what = request.body.size() == std::stoul(length) ? verdict::whole : verdict::partial;
}

void read_chunked_body(std::string_view bytes, const std::vector<std::string_view>& codings,
                       const http::limits& allowed, exact_request& request) {
    if (codings.size() > 1 || in_small_letters(codings[0]) != "chunked")
        return;
    exact_chunks chunks = read_chunks(bytes, allowed);
    request.what = chunks.what;
    request.size += chunks.size;
    request.body = std::move(chunks.content);
}

}  // namespace

exact_request read_request(std::string_view bytes, const http::limits& allowed) {
    exact_request request;
    const std::size_t end = bytes.find("\r\n\r\n");
    const bool has_end = end != std::string_view::npos;
    request.size = has_end ? end + 4 : bytes.size();
    if (request.size > allowed.head_bytes)
        return request;
    if (!has_end) {
        request.what = verdict::partial;
        return request;
    }
    const auto lines = lines_of(bytes.substr(0, end + 2));
    if (!read_first_line(lines[0], allowed, request))
        return request;
    const bool is_http_1_0 = !request.keep_alive;
    fields all;
    for (std::size_t i = 1; i != lines.size(); ++i) {
        if (!is_field_line(lines[i]))
            return request;
        const std::size_t colon = lines[i].find(':');
        all[in_small_letters(lines[i].substr(0, colon))].push_back(
            trimmed(lines[i].substr(colon + 1)));
    }
    if (!are_hosts_good(all["host"], is_http_1_0) || !are_expectations_met(all["expect"]) ||
        !read_connection(all, request))
        return request;
    if (all["content-type"].size() == 1)
        request.content_type = all["content-type"][0];
    request.keys.assign(all["idempotency-key"].begin(), all["idempotency-key"].end());
    for (const std::string_view codings : all["content-encoding"])
        for (const std::string_view coding : split(codings, ",")) {
            const std::string name = in_small_letters(trimmed(coding));
            request.encoded = request.encoded || (!name.empty() && name != "identity");
        }
    const auto& codings = all["transfer-encoding"];
    if (codings.empty())
        read_sized_body(bytes.substr(request.size), all["content-length"], allowed, request);
    else if (!is_http_1_0 && all["content-length"].empty())
        read_chunked_body(bytes.substr(request.size), codings, allowed, request);
    return request;
}

}  // namespace coffer::fuzz
