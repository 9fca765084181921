#include "roff.hpp"

#include <algorithm>
#include <cctype>

namespace coffer::manual {

std::string plain(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '\\')
            escaped += "\\e";
        else if (c == '-')
            escaped += "\\-";
        else if (c == '\'')
            escaped += "\\(aq";
        else if (c == '^')
            escaped += "\\(ha";
        else if (c == '~')
            escaped += "\\(ti";
        else
            escaped += c;
    }
    return escaped;
}

std::string bold(std::string_view text) {
    return "\\fB" + plain(text) + "\\fR";
}

std::string italic(std::string_view text) {
    return "\\fI" + plain(text) + "\\fR";
}

page::page(std::string_view name, int section, std::string_view in_one_line) {
    text_ = ".TH " + std::string{name} + ' ' + std::to_string(section) +
            " \"\" \"Coffer " COFFER_VERSION "\" \"Manual of Coffer\"\n";
    begin_section("NAME");
    add_line(plain(name) + " \\- " + std::string{in_one_line});
}

void page::begin_section(std::string_view title) {
    text_.append(".SH ").append(title) += '\n';
}

void page::add_text(std::string_view text) {
    add_line(text);
}

void page::add_item(std::string_view what, std::string_view text) {
    text_ += ".TP\n";
    add_line(what);
    add_line(text);
}

void page::add_example(std::string_view lines) {
    text_ += ".EX\n";
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(lines.size(), line.size() + 1));
        add_line(plain(line));
    }
    text_ += ".EE\n";
}

void page::add_line(std::string_view text) {
    if (text.starts_with('.') || text.empty())
        text_ += "\\&";  // not a request of roff's
    text_.append(text) += '\n';
}

}  // namespace coffer::manual
