#include "api/entity_tags.hpp"

#include <algorithm>
#include <coffer/account_number.hpp>

namespace coffer::api {
namespace {

/// What may stand between the quotes.
bool is_tag_character(char c) noexcept {
    const auto code = static_cast<unsigned char>(c);
    return code == 0x21 || (code >= 0x23 && code != 0x7f);
}

/// Reads the tags of a field one after the other.
class tag_reader {
public:
    explicit tag_reader(std::string_view field) noexcept : rest_{field} { skip_blanks(); }

    [[nodiscard]] bool is_any() const noexcept { return rest_ == "*"; }
    [[nodiscard]] bool is_malformed() const noexcept { return is_malformed_; }

    /// False if there are no more tags, or if what follows is none.
    [[nodiscard]] bool next() noexcept {
        while (rest_.starts_with(','))  // an empty element of the list
            skip(1);
        if (rest_.empty())
            return false;
        is_weak_ = rest_.starts_with("W/");
        rest_.remove_prefix(is_weak_ ? 2 : 0);
        is_malformed_ = !rest_.starts_with('"');
        if (is_malformed_)
            return false;
        const auto end = std::find_if_not(rest_.begin() + 1, rest_.end(), is_tag_character);
        const auto size = static_cast<std::size_t>(end - rest_.begin());
        opaque_ = rest_.substr(1, size - 1);
        is_malformed_ = !rest_.substr(size).starts_with('"');
        if (is_malformed_)
            return false;
        skip(size + 1);
        is_malformed_ = !rest_.empty() && rest_.front() != ',';
        return !is_malformed_;
    }
    [[nodiscard]] bool is_weak() const noexcept { return is_weak_; }
    /// 0 if the tag is none that a reply has.
    [[nodiscard]] std::uint64_t sequence() const noexcept {
        return parse_account_number(opaque_).value_or(0);  // the same form: digits alone
    }

private:
    void skip(std::size_t bytes) noexcept {
        rest_.remove_prefix(bytes);
        skip_blanks();
    }
    void skip_blanks() noexcept {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
    }

    std::string_view rest_;
    std::string_view opaque_;
    bool is_weak_ = false;
    bool is_malformed_ = false;
};

}  // namespace

bool matches_weakly(std::string_view field, std::uint64_t sequence) noexcept {
    tag_reader tags{field};
    if (tags.is_any())
        return true;
    bool is_there = false;
    while (tags.next())
        is_there = is_there || tags.sequence() == sequence;
    return is_there && !tags.is_malformed();
}

bool expected_sequences::read(std::string_view field) noexcept {
    tag_reader tags{field};
    is_any_ = tags.is_any();
    if (is_any_)
        return true;
    while (tags.next()) {
        if (tags.is_weak() || tags.sequence() == 0)
            continue;
        if (size_ == sequences_.size())
            return false;
        sequences_[size_++] = tags.sequence();
    }
    return !tags.is_malformed();
}

}  // namespace coffer::api
