#include "load/accounts.hpp"

#include <algorithm>
#include <ostream>

namespace coffer::load {
namespace {

bool append_range(std::string_view text, std::vector<account_number>& into) {
    const std::size_t dash = text.find('-');
    const auto first = parse_account_number(text.substr(0, dash));
    const auto last = dash == text.npos ? first : parse_account_number(text.substr(dash + 1));
    if (!first || !last || *last < *first || *last - *first >= most_accounts - into.size())
        return false;
    for (account_number number = *first;; ++number) {
        into.push_back(number);
        if (number == *last)  // which may be the largest number there is
            return true;
    }
}

bool has_twins(std::vector<account_number> numbers) {
    std::ranges::sort(numbers);
    return std::ranges::adjacent_find(numbers) != numbers.end();
}

}  // namespace

std::optional<std::vector<account_number>> parse_accounts(std::string_view text) {
    std::vector<account_number> parsed;
    if (text.find_first_of("-,") == text.npos) {
        const auto count = parse_account_number(text);
        if (!count || *count > most_accounts)
            return std::nullopt;
        for (account_number number = 1; number <= *count; ++number)
            parsed.push_back(number);
        return parsed;
    }
    for (bool more = true; more;) {
        const std::size_t comma = text.find(',');
        more = comma != text.npos;
        if (!append_range(text.substr(0, comma), parsed))
            return std::nullopt;
        text = more ? text.substr(comma + 1) : "";
    }
    if (has_twins(parsed))
        return std::nullopt;
    return parsed;
}

void write_accounts(std::ostream& to, const std::vector<account_number>& numbers, money opening) {
    const std::string balance = to_string(opening);
    const char* separator = "\n";
    to << R"({"accounts":[)";
    for (const account_number number : numbers) {
        to << separator << R"({"account_number":")" << number << R"(","balance":)" << balance
           << '}';
        separator = ",\n";
    }
    to << "\n]}\n";
}

}  // namespace coffer::load
