#include "fuzz/strict_json.hpp"

namespace coffer::fuzz {
namespace {

/// How many bytes the character takes that `text` begins with; 0 if that is no UTF-8 (RFC 3629).
std::size_t utf_8_size(std::string_view text) {
    const auto byte = [text](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto within = [byte](std::size_t i, unsigned least, unsigned most) {
        return byte(i) >= least && byte(i) <= most;
    };
    if (within(0, 0x00, 0x7f))
        return 1;
    if (within(0, 0xc2, 0xdf))
        return within(1, 0x80, 0xbf) ? 2 : 0;
    if (within(0, 0xe0, 0xef)) {
        const bool second = byte(0) == 0xe0   ? within(1, 0xa0, 0xbf)
                            : byte(0) == 0xed ? within(1, 0x80, 0x9f)
                                              : within(1, 0x80, 0xbf);
        return second && within(2, 0x80, 0xbf) ? 3 : 0;
    }
    if (within(0, 0xf0, 0xf4)) {
        const bool second = byte(0) == 0xf0   ? within(1, 0x90, 0xbf)
                            : byte(0) == 0xf4 ? within(1, 0x80, 0x8f)
                                              : within(1, 0x80, 0xbf);
        return second && within(2, 0x80, 0xbf) && within(3, 0x80, 0xbf) ? 4 : 0;
    }
    return 0;
}

}  // namespace

bool strict_json::value(int depth, json_node& found) {
    spaces();
    const char first = at_ < text_.size() ? text_[at_] : '\0';
    if (depth == most_deep_ && (first == '{' || first == '[')) {
        too_deep_ = true;
        return false;
    }
    const std::size_t begin = at_;
    const bool well_formed = first == '{'   ? object(depth, found)
                             : first == '[' ? array(depth, found)
                             : first == '"' ? string(found.text)
                             : first == 't' ? word("true")
                             : first == 'f' ? word("false")
                             : first == 'n' ? word("null")
                                            : number();
    using kind = json_node::kind;
    found.what = first == '{'   ? kind::object
                 : first == '[' ? kind::array
                 : first == '"' ? kind::string
                                : kind::other;
    if (found.what == kind::other)
        found.text = text_.substr(begin, at_ - begin);
    spaces();
    return well_formed;
}

bool strict_json::object(int depth, json_node& found) {
    if (!word("{"))
        return false;
    spaces();
    if (word("}"))
        return true;
    do {
        if (!member(depth, found))
            return false;
    } while (word(","));
    return word("}");
}

bool strict_json::member(int depth, json_node& found) {
    std::string name;
    spaces();
    if (!string(name))
        return false;
    spaces();
    if (!word(":"))
        return false;
    found.names.push_back(name);
    return value(depth + 1, found.values.emplace_back());
}

bool strict_json::array(int depth, json_node& found) {
    if (!word("["))
        return false;
    spaces();
    if (word("]"))
        return true;
    do {
        if (!value(depth + 1, found.values.emplace_back()))
            return false;
    } while (word(","));
    return word("]");
}

bool strict_json::number() {
    word("-");
    if (!word("0") && !digits())
        return false;
    if (word(".") && !digits())
        return false;
    if (word("e") || word("E")) {
        if (!word("-"))
            word("+");
        return digits();
    }
    return true;
}

bool strict_json::string(std::string& content) {
    if (!word("\""))
        return false;
    while (at_ < text_.size() && text_[at_] != '"') {
        if (!character(content))
            return false;
    }
    return word("\"");
}

bool strict_json::character(std::string& content) {
    if (word("\\"))
        return escape(content);
    if (static_cast<unsigned char>(text_[at_]) < 0x20)
        return false;
    const std::size_t size = utf_8_size(text_.substr(at_));
    content += text_.substr(at_, size);
    at_ += size;
    return size != 0;
}

bool strict_json::escape(std::string& content) {
    if (word("u"))
        return utf_16(content);
    const char name = at_ < text_.size() ? text_[at_++] : '\0';
    content += name;  // no name and no number has what it means
    if (std::string_view{"\"\\/bfnrt"}.find(name) == std::string_view::npos)
        return false;
    content.back() = '\n';
    return true;
}

bool strict_json::utf_16(std::string& content) {
    unsigned value = 0;
    if (!four_digits(value) || (value >= 0xdc00 && value <= 0xdfff))
        return false;
    if (value >= 0xd800 && value <= 0xdbff) {
        unsigned second = 0;
        if (!word("\\u") || !four_digits(second) || second < 0xdc00 || second > 0xdfff)
            return false;
    }
    content += value < 0x80 ? static_cast<char>(value) : '?';
    return true;
}

bool strict_json::four_digits(unsigned& value) {
    for (int i = 0; i != 4; ++i) {
        const char c = at_ < text_.size() ? text_[at_++] : '\0';
        const std::size_t digit = std::string_view{"0123456789abcdef0123456789ABCDEF"}.find(c);
        if (digit == std::string_view::npos)
            return false;
        value = value * 16 + static_cast<unsigned>(digit % 16);
    }
    return true;
}

bool strict_json::digits() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9')
        ++at_;
    return at_ != begin;
}

bool strict_json::word(std::string_view due) {
    if (!text_.substr(at_).starts_with(due))
        return false;
    at_ += due.size();
    return true;
}

void strict_json::spaces() {
    while (word(" ") || word("\t") || word("\r") || word("\n")) {
    }
}

}  // namespace coffer::fuzz
