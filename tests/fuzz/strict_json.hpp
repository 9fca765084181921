// JSON to the letter of RFC 8259, as a tree. It reads by recursion and copies freely; it only has
// to be right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace coffer::fuzz {

struct json_node {
    enum class kind { object, array, string, other };
    kind what = kind::other;
    std::string text;  ///< of a string, its content; of what is `other`, as it stands there
    std::vector<std::string> names;  ///< of an object's members
    /// Of an object, the values of its members; of an array, its elements.
    std::vector<json_node> values;

    [[nodiscard]] bool is_number() const {
        return what == kind::other && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
    }
    /// The values of all members of this name, in their order.
    [[nodiscard]] std::vector<const json_node*> values_of(std::string_view name) const {
        std::vector<const json_node*> found;
        for (std::size_t i = 0; i != names.size(); ++i)
            if (names[i] == name)
                found.push_back(&values[i]);
        return found;
    }
};

class strict_json {
public:
    strict_json(std::string_view text, int most_deep) : text_{text}, most_deep_{most_deep} {}

    /// Whether the whole text is one JSON value, in well-formed UTF-8.
    [[nodiscard]] bool read() {
        const bool well_formed = value(0, root_);
        return well_formed && at_ == text_.size();
    }

    /// Whether it stopped at a value nested deeper than it looks: within `most_deep` others.
    [[nodiscard]] bool is_too_deep() const { return too_deep_; }

    /// The value, if the text is well-formed. What is escaped in its strings is kept only if it is
    /// ASCII by \\u; anything else stands there as one character or another.
    [[nodiscard]] const json_node& root() const { return root_; }

private:
    [[nodiscard]] bool value(int depth, json_node& found);
    [[nodiscard]] bool object(int depth, json_node& found);
    [[nodiscard]] bool array(int depth, json_node& found);
    [[nodiscard]] bool member(int depth, json_node& found);
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
    json_node root_;
};

}  // namespace coffer::fuzz
