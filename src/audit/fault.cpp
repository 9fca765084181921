#include "audit/fault.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace coffer::audit {

std::string to_string(const fault& found) {
    std::string text = found.file;
    if (found.offset)
        text += ", offset " + std::to_string(*found.offset);
    text += ": ";
    if (found.account != 0)
        text += "account " + std::to_string(found.account) + ": ";
    return text + found.what;
}

fault fault_of(const std::exception& error, const std::string& file) {
    constexpr std::string_view before_offset = ", offset ";
    std::string_view text = error.what();
    fault found{file, std::nullopt, 0, {}};
    if (text.starts_with(file)) {
        text.remove_prefix(file.size());
        if (text.starts_with(before_offset)) {
            text.remove_prefix(before_offset.size());
            const auto [end, failure] =
                std::from_chars(text.data(), text.data() + text.size(), found.offset.emplace());
            text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        }
        text.remove_prefix(std::min(text.find_first_not_of(": "), text.size()));
    }
    found.what = text;
    return found;
}

void fault_list::add(fault found) {
    // One that is met again on the way on is not another.
    if (!kept_.empty() && kept_.back() == found)
        return;
    ++count_;
    if (kept_.size() < most_kept)
        kept_.push_back(std::move(found));
}

}  // namespace coffer::audit
