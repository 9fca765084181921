#include "replication/log_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace coffer::replication {
namespace {

constexpr std::size_t digits = 20;  // of the largest number there is

/// The range of all keys that begin with `prefix`, which ends with a slash.
key_range all_below(std::string prefix) {
    std::string end = prefix;
    ++end.back();
    return {std::move(prefix), std::move(end)};
}

constexpr bool is_letter_or_digit(char one) noexcept {
    return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9');
}

}  // namespace

std::string log_keys::entry(std::uint64_t number) const {
    return fmt::format("{}log/{:020}", prefix_, number);
}

std::optional<std::uint64_t> log_keys::entry_number(std::string_view key) const noexcept {
    constexpr std::string_view folder = "log/";
    if (!key.starts_with(prefix_))
        return std::nullopt;
    key.remove_prefix(prefix_.size());
    if (!key.starts_with(folder) || key.size() != folder.size() + digits)
        return std::nullopt;
    key.remove_prefix(folder.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), number);
    if (error != std::errc{} || end != key.data() + key.size())
        return std::nullopt;
    return number;
}

key_range log_keys::entries(std::uint64_t first, std::uint64_t end) const {
    return {entry(first), entry(end)};
}

std::string log_keys::member(std::string_view node) const {
    return prefix_ + "members/" + std::string{node};
}

key_range log_keys::members() const {
    return all_below(prefix_ + "members/");
}

std::string log_keys::node(std::string_view node) const {
    return prefix_ + "nodes/" + std::string{node};
}

key_range log_keys::nodes() const {
    return all_below(prefix_ + "nodes/");
}

bool is_node_name(std::string_view text) noexcept {
    constexpr std::size_t most = 64;
    return !text.empty() && text.size() <= most && is_letter_or_digit(text.front()) &&
           std::ranges::all_of(text, [](char one) {
               return is_letter_or_digit(one) || one == '.' || one == '_' || one == '-';
           });
}

}  // namespace coffer::replication
