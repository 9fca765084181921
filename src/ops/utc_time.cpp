#include "ops/utc_time.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <limits>
#include <system_error>

namespace coffer {
namespace {

namespace chrono = std::chrono;

constexpr std::uint64_t ns_a_second = 1'000'000'000;
constexpr std::int64_t s_a_minute = 60;
constexpr std::int64_t s_a_day = 86'400;

/// Parses a text from its beginning.
class scanner {
public:
    explicit scanner(std::string_view text) noexcept : left_{text} {}

    [[nodiscard]] bool at_end() const noexcept { return left_.empty(); }

    /// Takes the next character if it is one of these, else returns 0.
    [[nodiscard]] char take_any(std::string_view of) noexcept {
        if (left_.empty() || of.find(left_.front()) == std::string_view::npos)
            return '\0';
        const char taken = left_.front();
        left_.remove_prefix(1);
        return taken;
    }

    /// Takes a number of exactly `digits` digits.
    [[nodiscard]] std::optional<int> take_number(std::size_t digits) noexcept {
        const std::string_view text = left_.substr(0, digits);
        if (text.size() != digits || text.find_first_not_of("0123456789") != text.npos)
            return std::nullopt;
        int value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        left_.remove_prefix(digits);
        return value;
    }

    /// Takes all digits up to the next other character.
    [[nodiscard]] std::string_view take_digits() noexcept {
        const std::size_t end = left_.find_first_not_of("0123456789");
        const std::string_view digits = left_.substr(0, end);
        left_.remove_prefix(digits.size());
        return digits;
    }

private:
    std::string_view left_;
};

/// Takes a date. Returns the seconds from 1970 to its midnight.
std::optional<std::int64_t> take_date(scanner& from) {
    const auto year = from.take_number(4);
    if (!year || from.take_any("-") == '\0')
        return std::nullopt;
    const auto month = from.take_number(2);
    if (!month || from.take_any("-") == '\0')
        return std::nullopt;
    const auto day = from.take_number(2);
    if (!day)
        return std::nullopt;
    const chrono::year_month_day date{chrono::year{*year},
                                      chrono::month{static_cast<unsigned>(*month)},
                                      chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok() || *year == 0)
        return std::nullopt;
    return chrono::seconds{chrono::sys_days{date}.time_since_epoch()}.count();
}

/// Takes hours and minutes. Returns them in seconds.
std::optional<std::int64_t> take_hours_and_minutes(scanner& from) {
    const auto hours = from.take_number(2);
    if (!hours || *hours > 23 || from.take_any(":") == '\0')
        return std::nullopt;
    const auto minutes = from.take_number(2);
    if (!minutes || *minutes > 59)
        return std::nullopt;
    return std::int64_t{*hours} * 3600 + std::int64_t{*minutes} * 60;
}

/// Takes a fraction of a second, if there is one. Returns it in ns, rounded up.
std::optional<std::int64_t> take_fraction(scanner& from) {
    if (from.take_any(".") == '\0')
        return 0;
    std::string digits{from.take_digits()};
    if (digits.empty())
        return std::nullopt;
    const std::size_t read = std::min<std::size_t>(digits.size(), 9);
    const bool is_beyond = digits.find_first_not_of('0', read) != digits.npos;
    digits.resize(9, '0');
    std::int64_t ns = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), ns);
    return ns + (is_beyond ? 1 : 0);
}

struct time_of_day {
    std::int64_t s = 0;   ///< since midnight
    std::int64_t ns = 0;  ///< after that, up to a whole second
    bool is_leap = false;
};

std::optional<time_of_day> take_time(scanner& from) {
    const auto minutes = take_hours_and_minutes(from);
    if (!minutes || from.take_any(":") == '\0')
        return std::nullopt;
    const auto seconds = from.take_number(2);
    if (!seconds || *seconds > s_a_minute)
        return std::nullopt;
    const auto ns = take_fraction(from);
    if (!ns)
        return std::nullopt;
    return time_of_day{*minutes + *seconds, *ns, *seconds == s_a_minute};
}

/// Whether this is the first second of a month: a leap second can come before it.
bool begins_month(std::int64_t time_s) {
    const auto days = chrono::floor<chrono::days>(chrono::seconds{time_s});
    const chrono::year_month_day date{chrono::sys_days{days}};
    return time_s % s_a_day == 0 && date.day() == chrono::day{1};
}

/// Returns nanoseconds since 1970, clamped to the possible numbers.
std::uint64_t to_ns(std::int64_t time_s, std::int64_t ns) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    if (time_s < 0)
        return 0;
    if (time_s >= static_cast<std::int64_t>(most / ns_a_second))
        return most;
    return static_cast<std::uint64_t>(time_s) * ns_a_second + static_cast<std::uint64_t>(ns);
}

/// Takes an offset from UTC. Returns it in seconds.
std::optional<std::int64_t> take_offset(scanner& from) {
    if (from.take_any("Zz") != '\0')
        return 0;
    const char sign = from.take_any("+-");
    if (sign == '\0')
        return std::nullopt;
    const auto seconds = take_hours_and_minutes(from);
    if (!seconds)
        return std::nullopt;
    return sign == '-' ? -*seconds : *seconds;
}

}  // namespace

void append_utc_text(std::string& out, std::uint64_t time_ns) {
    const chrono::nanoseconds since{time_ns};
    const auto days = chrono::floor<chrono::days>(since);
    const chrono::year_month_day date{chrono::sys_days{days}};
    const chrono::hh_mm_ss time{since - days};
    char text[sizeof("-32767-12-31T23:59:59.123456789Z") + 8];
    const int length = std::snprintf(
        text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%09dZ", static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
        static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
        static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
    out.append(text, static_cast<std::size_t>(length));
}

std::string to_utc_text(std::uint64_t time_ns) {
    std::string text;
    append_utc_text(text, time_ns);
    return text;
}

std::optional<std::uint64_t> parse_utc_text(std::string_view text) {
    scanner from{text};
    const auto date_s = take_date(from);
    if (!date_s)
        return std::nullopt;
    time_of_day time;
    std::int64_t offset_s = 0;
    if (from.take_any("Tt ") != '\0') {
        const auto taken = take_time(from);
        const auto offset = taken ? take_offset(from) : std::nullopt;
        if (!offset)
            return std::nullopt;
        time = *taken;
        offset_s = *offset;
    }
    const std::int64_t time_s = *date_s - offset_s + time.s;
    if (!from.at_end() || (time.is_leap && !begins_month(time_s)))
        return std::nullopt;
    return to_ns(time_s, time.ns);
}

}  // namespace coffer
