#include "api/query.hpp"

#include <algorithm>
#include <coffer/account_number.hpp>

#include "api/percent_encoding.hpp"

namespace coffer::api {

struct query_reader {
    /// Reads one `name=value`, or a name alone, whose value is empty.
    static query_problem read(std::string_view part, std::span<const std::string_view> names,
                              std::span<query_value> values) noexcept {
        const std::string_view encoded_name = part.substr(0, part.find('='));
        const path_segment name{encoded_name};
        for (std::size_t i = 0; i != names.size(); ++i) {
            if (name.text() != names[i])
                continue;
            query_value& value = values[i];
            if (value.is_present_)
                return {problem::parameter_twice, names[i]};
            value.is_present_ = true;
            part.remove_prefix(std::min(part.size(), encoded_name.size() + 1));
            const auto size = percent_decode(part, value.text_);
            if (!size)
                return {problem::parameter_invalid, names[i]};
            value.size_ = *size;
        }
        return {};
    }
    static void reset(query_value& value) noexcept {
        value.size_ = 0;
        value.is_present_ = false;
    }
};

query_problem read_query(std::string_view query, std::span<const std::string_view> names,
                         std::span<query_value> values) noexcept {
    for (query_value& value : values)
        query_reader::reset(value);
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        if (const auto wrong = query_reader::read(part, names, values);
            wrong.problem != problem::none)
            return wrong;
        query.remove_prefix(std::min(query.size(), part.size() + 1));
    }
    return {};
}

std::optional<std::size_t> page_limit(const query_value& asked, std::size_t usual,
                                      std::size_t most) noexcept {
    if (!asked.is_present())
        return usual;
    const auto limit = parse_account_number(asked.text());  // the same form: digits alone
    return limit && *limit <= most ? std::optional{static_cast<std::size_t>(*limit)} : std::nullopt;
}

}  // namespace coffer::api
