#include "http/malformed_cases.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace coffer::http {
namespace {

/// Reads a whole number from the front of `text` and removes it.
std::optional<std::size_t> take_number(std::string_view& text, int base) {
    std::size_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, value, base);
    if (error != std::errc{})
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(after - text.data()));
    return value;
}

/// What follows "\{" up to "}": "8192*ab".
std::string repetition(std::string_view inside) {
    const auto times = take_number(inside, 10);
    if (!times || !inside.starts_with('*'))
        throw std::runtime_error{"a repetition is \\{TIMES*TEXT}"};
    const std::string once = unescape(inside.substr(1));
    std::string all;
    for (std::size_t i = 0; i != *times; ++i)
        all += once;
    return all;
}

/// Removes an escape from the front of `text`, the backslash being gone, and returns what it means.
std::string take_escape(std::string_view& text) {
    constexpr std::string_view names = "rnt\\";
    constexpr std::string_view meanings = "\r\n\t\\";
    const char name = text.empty() ? '\0' : text.front();
    text.remove_prefix(text.empty() ? 0 : 1);
    if (const std::size_t at = names.find(name); at != std::string_view::npos)
        return {meanings[at]};
    if (name == 'x') {
        std::string_view digits = text.substr(0, 2);
        const auto value = take_number(digits, 16);
        if (text.size() < 2 || !value || !digits.empty())
            throw std::runtime_error{"\\x has two digits"};
        text.remove_prefix(2);
        return {static_cast<char>(*value)};
    }
    const std::size_t end = text.find('}');
    if (name != '{' || end == std::string_view::npos)
        throw std::runtime_error{"an unknown escape"};
    const std::string_view inside = text.substr(0, end);
    text.remove_prefix(end + 1);
    return repetition(inside);
}

class case_reader {
public:
    void take_line(std::string_view line, const std::string& where) {
        if (line.starts_with("case: "))
            return begin(where + ": " + std::string{line.substr(6)});
        if (!in_case_)
            throw std::runtime_error{"no case has begun"};
        malformed_case& one = cases_.back();
        if (line.starts_with("> "))
            one.bytes += unescape(line.substr(2));
        else if (line.starts_with("< "))
            one.replies.emplace_back(line.substr(2));
        else if (line.starts_with("posted: "))
            one.postings = postings(line.substr(8));
        else
            finish(line);
    }

    std::vector<malformed_case> cases() {
        if (in_case_)
            throw std::runtime_error{"the last case does not say how it ends"};
        return std::move(cases_);
    }

private:
    void begin(std::string name) {
        if (in_case_)
            throw std::runtime_error{"the case before does not say how it ends"};
        cases_.emplace_back().name = std::move(name);
        in_case_ = true;
    }

    static std::uint64_t postings(std::string_view text) {
        const auto count = take_number(text, 10);
        if (!count || !text.empty())
            throw std::runtime_error{"not a number of postings"};
        return *count;
    }

    void finish(std::string_view word) {
        malformed_case& one = cases_.back();
        if (word == "closed")
            one.ending = ending::closed;
        else if (word == "open")
            one.ending = ending::open;
        else if (word == "waits")
            one.ending = ending::waits;
        else if (word == "either")
            one.ending = ending::either;
        else
            throw std::runtime_error{"an unknown line"};
        if (one.bytes.empty())
            throw std::runtime_error{"the case sends nothing"};
        in_case_ = false;
    }

    std::vector<malformed_case> cases_;
    bool in_case_ = false;
};

}  // namespace

std::string unescape(std::string_view text) {
    std::string bytes;
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c == '\\')
            bytes += take_escape(text);
        else
            bytes += c;
    }
    return bytes;
}

std::vector<malformed_case> read_cases(std::string_view text, std::string_view file_name) {
    std::istringstream lines{std::string{text}};
    case_reader reader;
    std::string line;
    std::string where;
    try {
        for (std::size_t number = 1; std::getline(lines, line); ++number) {
            where = std::string{file_name} + ":" + std::to_string(number);
            if (!line.empty() && !line.starts_with('#'))
                reader.take_line(line, where);
        }
        return reader.cases();
    } catch (const std::runtime_error& error) {
        throw std::runtime_error{where + ": " + error.what()};
    }
}

std::vector<malformed_case> read_all_cases(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{folder})
        if (entry.path().extension() == ".txt")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::vector<malformed_case> all;
    for (const auto& file : files) {
        std::ifstream in{file, std::ios::binary};
        const std::string text{std::istreambuf_iterator<char>{in}, {}};
        std::vector<malformed_case> some = read_cases(text, file.filename().string());
        std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    return all;
}

}  // namespace coffer::http
