// JSON to the letter of RFC 8259, for one question: which values does "amount" have in the
// outermost object? It reads by recursion and copies freely; it only has to be right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace coffer::fuzz {

class strict_json {
public:
    strict_json(std::string_view text, int most_deep) : text_{text}, most_deep_{most_deep} {}

    /// Whether the whole text is one JSON value, in well-formed UTF-8.
    [[nodiscard]] bool read() {
        const bool well_formed = value(0);
        return well_formed && at_ == text_.size();
    }

    /// Whether it stopped at a value nested deeper than it looks: within `most_deep` others.
    [[nodiscard]] bool is_too_deep() const { return too_deep_; }

    /// The texts of the values, in their order, if the text is well-formed.
    [[nodiscard]] const std::vector<std::string>& values_of_amount() const { return amounts_; }

private:
    [[nodiscard]] bool value(int depth);
    [[nodiscard]] bool object(int depth);
    [[nodiscard]] bool array(int depth);
    [[nodiscard]] bool member(int depth);
    [[nodiscard]] bool number();
    [[nodiscard]] bool string(std::string& content);
    [[nodiscard]] bool character(std::string& content);
    [[nodiscard]] bool escape(std::string& content);
    [[nodiscard]] bool utf_16(std::string& content);
    [[nodiscard]] bool four_digits(unsigned& value);
    [[nodiscard]] bool digits();
    bool word(std::string_view due);
    void spaces();

    std::string_view text_;
    std::size_t at_ = 0;
    int most_deep_;
    bool too_deep_ = false;
    bool is_object_ = false;  // the outermost value
    std::vector<std::string> amounts_;
};

}  // namespace coffer::fuzz
