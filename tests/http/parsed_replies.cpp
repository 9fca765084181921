#include "http/parsed_replies.hpp"

#include <charconv>
#include <optional>
#include <stdexcept>

namespace coffer::http {
namespace {

[[noreturn]] void fail(const std::string& what, std::string_view bytes) {
    throw std::runtime_error{what + " in the reply: " + std::string{bytes.substr(0, 400)}};
}

/// What of `text` stands between two others, which it begins with and which follow; removed with
/// them from its front.
std::optional<std::string_view> take(std::string_view& text, std::string_view before,
                                     std::string_view after) {
    if (!text.starts_with(before))
        return std::nullopt;
    const std::size_t end = text.find(after, before.size());
    if (end == std::string_view::npos)
        return std::nullopt;
    const std::string_view found = text.substr(before.size(), end - before.size());
    text.remove_prefix(end + after.size());
    return found;
}

template <class Number>
std::optional<Number> number_of(std::string_view digits) {
    Number value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size())
        return std::nullopt;
    return value;
}

/// The value of a field that stands at most once in `head`.
std::optional<std::string_view> field(std::string_view head, std::string_view name) {
    const std::string line = "\r\n" + std::string{name} + ": ";
    const std::size_t at = head.find(line);
    if (at == std::string_view::npos)
        return std::nullopt;
    if (head.find(line, at + 1) != std::string_view::npos)
        fail(std::string{name} + " stands twice", head);
    const std::size_t begin = at + line.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

// Each part is taken and put together again, so that nothing can stand beside them.
void read_envelope(std::string_view body, parsed_reply& reply) {
    const std::string code = ",\"code\":" + std::to_string(reply.status) + "}";
    std::string_view rest = body;
    std::string again;
    if (body.starts_with(R"({"success":true,"data":{"ready":true,"checks":{"ledger":"ok",)"))
        return;
    if (reply.status == 200) {
        const auto account =
            take(rest, R"({"success":true,"data":{"account_number":")", "\",\"").value_or("");
        const auto name = take(rest, "", "\":").value_or("");
        const auto balance = take(rest, "", "}").value_or("");
        reply.account = account;
        reply.balance = balance;
        reply.posted = name == "new_balance";
        if (!reply.posted && name != "balance")
            fail("a balance of an unknown name", body);
        again = R"({"success":true,"data":{"account_number":")" + reply.account + "\",\"" +
                std::string{name} + "\":" + reply.balance + "}";
    } else {
        reply.type = take(rest, R"({"success":false,"error":{"type":")", "\",").value_or("");
        const auto message = take(rest, R"("message":")", "\"").value_or("");
        reply.balance = take(rest, R"(,"available":)", "}").value_or("");
        again = R"({"success":false,"error":{"type":")" + reply.type + R"(","message":")" +
                std::string{message} + '"';
        again += reply.balance.empty() ? "}" : R"(,"available":)" + reply.balance + "}";
    }
    if (body != again + code)
        fail("not the envelope", body);
}

// Likewise.
void read_problem(std::string_view body, parsed_reply& reply) {
    std::string_view rest = body;
    reply.type = take(rest, R"({"type":"urn:coffer:problem:)", "\",").value_or("");
    const auto title = take(rest, R"("title":")", "\",").value_or("");
    const std::string status = R"("status":)" + std::to_string(reply.status) + ",";
    static_cast<void>(take(rest, R"("status":)", ","));
    const auto detail = take(rest, R"("detail":")", "\"").value_or("");
    reply.balance = take(rest, R"(,"available":)", "}").value_or("");
    std::string again = R"({"type":"urn:coffer:problem:)";
    again.append(reply.type).append(R"(","title":")").append(title).append("\",").append(status);
    again.append(R"("detail":")").append(detail).append("\"");
    if (!reply.balance.empty())
        again.append(R"(,"available":)").append(reply.balance);
    if (reply.status < 400 || body != again + "}")
        fail("not a problem", body);
}

/// Takes one reply from the front; none if that was one that asks for the body.
std::optional<parsed_reply> take_reply(std::string_view& bytes) {
    const std::string_view whole = bytes;
    if (bytes.starts_with("HTTP/1.1 100 Continue\r\n\r\n")) {
        bytes.remove_prefix(std::string_view{"HTTP/1.1 100 Continue\r\n\r\n"}.size());
        return std::nullopt;
    }
    const std::size_t head_end = bytes.find("\r\n\r\n");
    if (!bytes.starts_with("HTTP/1.1 ") || head_end == std::string_view::npos)
        fail("no head", whole);
    const std::string_view head = bytes.substr(0, head_end + 2);
    bytes.remove_prefix(head_end + 4);

    parsed_reply reply;
    reply.status = number_of<int>(head.substr(9, 3)).value_or(0);
    if (reply.status < 200 || reply.status > 599 || head[12] != ' ' || !field(head, "Date"))
        fail("no status or no Date", whole);
    reply.closes = field(head, "Connection") == "close";
    if (reply.status == 204)
        return reply;
    const auto size = number_of<std::size_t>(field(head, "Content-Length").value_or(""));
    const auto type = field(head, "Content-Type").value_or("");
    const bool is_text = type.starts_with("text/plain; ");
    const bool is_problem = type == "application/problem+json";
    if (!size || (type != "application/json" && !is_problem && !is_text))
        fail("no Content-Length or no type that is known", whole);
    // A reply to HEAD is followed by nothing or by the next reply's status line.
    reply.has_body = bytes.starts_with(is_text ? '#' : '{');
    if (!reply.has_body)
        return reply;
    if (*size > bytes.size())
        fail("a body cut short", whole);
    if (is_problem)
        read_problem(bytes.substr(0, *size), reply);
    else if (!is_text)
        read_envelope(bytes.substr(0, *size), reply);
    bytes.remove_prefix(*size);
    return reply;
}

}  // namespace

std::vector<parsed_reply> read_replies(std::string_view bytes) {
    std::vector<parsed_reply> replies;
    while (!bytes.empty()) {
        if (const auto reply = take_reply(bytes))
            replies.push_back(*reply);
    }
    return replies;
}

}  // namespace coffer::http
