#include "http/request_ids.hpp"

#include <algorithm>
#include <random>

namespace coffer::http {
namespace {

constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";

/// Writes the lowest digits of a number, to the base of 32.
void write_digits(std::uint64_t number, char* begin, std::size_t count) noexcept {
    for (std::size_t i = count; i != 0; --i, number /= digits.size())
        begin[i - 1] = digits[number % digits.size()];
}

}  // namespace

bool is_request_id(std::string_view text) noexcept {
    return !text.empty() && text.size() <= most_request_id_bytes &&
           std::ranges::all_of(text, [](char one) { return one > ' ' && one <= '~'; });
}

request_ids::request_ids(std::uint64_t start, std::size_t worker) noexcept : makes_ids_{true} {
    char* const at = text_.data();
    write_digits(start, at, start_digits);
    at[start_digits] = '-';
    write_digits(worker, at + start_digits + 1, worker_digits);
    at[start_digits + 1 + worker_digits] = '-';
    write_digits(0, at + size - count_digits, count_digits);
}

// Counts in the text itself, which mostly changes one digit.
std::string_view request_ids::next() noexcept {
    if (!makes_ids_)
        return {};
    for (std::size_t at = size; at != size - count_digits; --at) {
        char& digit = text_[at - 1];
        if (digit == digits.back()) {
            digit = digits.front();
            continue;
        }
        digit = digit == '9' ? 'a' : static_cast<char>(digit + 1);
        break;
    }
    return {text_.data(), size};
}

std::uint64_t request_ids::start_of_process() {
    static const std::uint64_t start = [] {
        std::random_device random;
        return std::uint64_t{random()} << 32 | random();
    }();
    return start;
}

}  // namespace coffer::http
