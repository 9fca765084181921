#include "http/head_scanner.hpp"

#include <string>
#include <utility>

#include "catch.hpp"
#include "http/limits.hpp"

using coffer::api::problem;
using coffer::http::default_limits;
using coffer::http::head_scanner;
using coffer::http::limits;

namespace {

std::string head_with(std::size_t target_bytes, std::size_t total_bytes) {
    std::string head = "GET /" + std::string(target_bytes - 1, 'a') + " HTTP/1.1\r\nX: \r\n\r\n";
    return head.insert(head.size() - 4, total_bytes - head.size(), 'x');
}

}  // namespace

TEST_CASE("head_scanner: finds the end of the head and nothing beyond", "[http]") {
    const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    head_scanner scanner;
    CHECK(scanner.scan(head + "body\r\n\r\n", default_limits) == head.size());
    CHECK(scanner.problem_found() == problem::none);
}

TEST_CASE("head_scanner: goes on where it left off", "[http]") {
    const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    head_scanner scanner;
    for (std::size_t size = 0; size != head.size(); ++size)
        CHECK(scanner.scan(std::string_view{head}.substr(0, size), default_limits) == 0);
    CHECK(scanner.scan(head, default_limits) == head.size());
    scanner.reset();
    CHECK(scanner.scan(head, default_limits) == head.size());
}

TEST_CASE("head_scanner: takes targets and heads up to their limits and not one byte more",
          "[http]") {
    limits small;
    small.target_bytes = 100;
    small.head_bytes = 300;
    for (const limits& allowed : {limits{}, small}) {
        const auto problem_with = [&allowed](const std::string& head) {
            head_scanner scanner;
            const std::size_t size = scanner.scan(head, allowed);
            CHECK(size == (scanner.problem_found() == problem::none ? head.size() : 0));
            return scanner.problem_found();
        };
        const std::size_t target = allowed.target_bytes;
        const std::size_t head = allowed.head_bytes;
        CHECK(problem_with(head_with(target, head)) == problem::none);
        CHECK(problem_with(head_with(target + 1, head)) == problem::target_too_long);
        CHECK(problem_with(head_with(target, head + 1)) == problem::head_too_large);
    }
}

TEST_CASE("head_scanner: a limit comes before what is malformed behind it, however bytes come",
          "[http]") {
    const std::string long_line =
        "GET /" + std::string(default_limits.target_bytes + 64, 'a') + "\n";
    const std::string long_head =
        "GET / HTTP/1.1\r\nX: " + std::string(default_limits.head_bytes, 'a') + "\r\n folded\r\n";
    for (const auto& [bytes, due] : {std::pair{long_line, problem::target_too_long},
                                     std::pair{long_head, problem::head_too_large}}) {
        head_scanner whole;
        CHECK(whole.scan(bytes, default_limits) == 0);
        CHECK(whole.problem_found() == due);
        head_scanner dripping;
        for (std::size_t size = 0; size <= bytes.size(); ++size)
            CHECK(dripping.scan(std::string_view{bytes}.substr(0, size), default_limits) == 0);
        CHECK(dripping.problem_found() == due);
    }
}
