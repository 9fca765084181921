// A client of POST /batch without a socket, and what it sends and receives.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "http/conversation_driver.hpp"

namespace coffer::http {

inline const std::string deposit =
    R"({"operation":"deposit","account_number":"10001","amount":1.0})";
inline const std::string next_request = get("/accounts/10002/balance");
inline const std::string too_large =
    "{\"success\":false,\"error\":{\"type\":\"content_too_large\",\"message\":\"the body is too "
    "large\"},\"code\":413}\n";

inline std::string batch_head(std::string_view framing, std::string_view version = "1.1") {
    std::string head = "POST /batch HTTP/";
    head += version;
    head += "\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n";
    head += framing;
    head += "\r\n\r\n";
    return head;
}
inline std::string with_length(const std::string& body, std::string_view version = "1.1") {
    return batch_head("Content-Length: " + std::to_string(body.size()), version) + body;
}
/// In two chunks, of which the first ends within a line.
inline std::string chunked(const std::string& body) {
    const std::size_t first = body.size() / 2 + 1;
    std::string all = batch_head("Transfer-Encoding: chunked");
    for (const std::string& part : {body.substr(0, first), body.substr(first)}) {
        char size[20];
        std::snprintf(size, sizeof size, "%zx\r\n", part.size());
        all += size;
        all += part;
        all += "\r\n";
    }
    return all + "0\r\n\r\n";
}
inline std::string times(int number, const std::string& text) {
    std::string all;
    for (int i = 0; i != number; ++i)
        all += text;
    return all;
}
inline std::string posted(int balance) {
    return "{\"success\":true,\"data\":{\"account_number\":\"10001\",\"new_balance\":" +
           std::to_string(balance) + ".0},\"code\":200}\n";
}

struct batch_client : conversation_driver {
    explicit batch_client(conversation_bench& bench) : conversation_driver{bench} { start(); }
    void go_on() {
        for (int turns = 0; waits == kind::wait_writable; ++turns) {
            REQUIRE(turns < 10'000);
            become_writable();
        }
    }
};

/// Takes the content of a reply with status 200 from the front.
inline std::string take_results(std::string& replies) {
    REQUIRE(replies.starts_with("HTTP/1.1 200 OK\r\n"));
    const std::size_t begin = replies.find("\r\n\r\n") + 4;
    REQUIRE(begin >= 4);
    const std::string head = replies.substr(0, begin);
    REQUIRE_THAT(head, test::Contains("Content-Type: application/x-ndjson") &&
                           test::Contains("\r\nContent-Length: ") && !test::Contains("chunked"));
    const std::size_t size = std::stoul(head.substr(head.find("Content-Length: ") + 16));
    REQUIRE(replies.size() >= begin + size);
    const std::string body = replies.substr(begin, size);
    replies.erase(0, begin + size);
    return body;
}

}  // namespace coffer::http
