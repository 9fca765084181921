#include "api/plain_posting.hpp"

#include <cstddef>

#include "journal/record.hpp"

namespace coffer::api {
namespace {

/// Takes tokens from the front of a line. After a mismatch the rest is of no use.
class line_cursor {
public:
    explicit line_cursor(std::string_view line) noexcept
        : at_{line.data()}, end_{line.data() + line.size()} {}

    [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }

    [[nodiscard]] bool take(char expected) noexcept {
        if (at_end() || *at_ != expected)
            return false;
        ++at_;
        return true;
    }

    void skip_spaces() noexcept {
        while (take(' '))
            ;
    }

    /// A string of printable ASCII without escapes; false if it is any other.
    [[nodiscard]] bool take_string(std::string_view& text) noexcept {
        if (!take('"'))
            return false;
        const char* const begin = at_;
        while (!at_end() && *at_ >= ' ' && *at_ <= '~' && *at_ != '"' && *at_ != '\\')
            ++at_;
        text = between(begin);
        return take('"');
    }

    /// Digits and points, which money::parse checks.
    [[nodiscard]] std::string_view take_number() noexcept {
        const char* const begin = at_;
        while (!at_end() && ((*at_ >= '0' && *at_ <= '9') || *at_ == '.'))
            ++at_;
        return between(begin);
    }

private:
    [[nodiscard]] std::string_view between(const char* begin) const noexcept {
        return {begin, static_cast<std::size_t>(at_ - begin)};
    }

    const char* at_;
    const char* const end_;
};

/// What stands in the line. A member that is there is not empty.
struct plain_members {
    std::string_view operation;
    std::string_view account;
    std::string_view amount;
    std::string_view key;

    [[nodiscard]] std::string_view* string_of(std::string_view name) noexcept {
        if (name == "operation")
            return &operation;
        if (name == "account_number")
            return &account;
        return name == "key" ? &key : nullptr;
    }
};

/// False if the member is unknown, empty or repeated, or its value has another form.
bool take_member(line_cursor& line, plain_members& into) noexcept {
    std::string_view name;
    if (!line.take_string(name))
        return false;
    line.skip_spaces();
    if (!line.take(':'))
        return false;
    line.skip_spaces();
    std::string_view value;
    std::string_view* place = &into.amount;
    if (name == "amount") {
        value = line.take_number();
    } else {
        place = into.string_of(name);
        if (place == nullptr || !line.take_string(value))
            return false;
    }
    const bool is_repeated = !place->empty();
    *place = value;
    line.skip_spaces();
    return !is_repeated && !value.empty();
}

bool take_members(line_cursor line, plain_members& into) noexcept {
    if (!line.take('{'))
        return false;
    do {
        line.skip_spaces();
        if (!take_member(line, into))
            return false;
    } while (line.take(','));
    return line.take('}') && line.at_end();
}

}  // namespace

std::optional<plain_posting> read_plain_posting(std::string_view line) noexcept {
    plain_members found;
    if (!take_members(line_cursor{line}, found))
        return std::nullopt;
    const bool is_deposit = found.operation == "deposit";
    const auto account = parse_account_number(found.account);
    const money::parsed amount = money::parse(found.amount);
    if ((!is_deposit && found.operation != "withdraw") || !account || !amount ||
        amount.value <= money{} || !(found.key.empty() || journal::is_request_key(found.key)))
        return std::nullopt;
    return plain_posting{is_deposit, *account, amount.value, found.key};
}

}  // namespace coffer::api
