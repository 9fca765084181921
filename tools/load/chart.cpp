#include "load/chart.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace coffer::load {
namespace {

constexpr double width = 860;
constexpr double height = 300;
constexpr double left = 70;
constexpr double right = 20;
constexpr double top = 16;
constexpr double bottom = 32;

double across(double x) {
    return left + x * (width - left - right);
}

double down(double y) {
    return height - bottom - y * (height - top - bottom);
}

template <class... Values>
void append(std::string& text, const char* format, Values... values) {
    char part[256];
    const int size = std::snprintf(part, sizeof part, format, values...);
    text.append(part, std::min(static_cast<std::size_t>(size), sizeof part - 1));
}

void append_grid(std::string& text, const chart& drawn) {
    for (const mark& one : drawn.along_x) {
        append(text, R"(<path class="grid" d="M%.1f %.1fV%.1f"/>)", across(one.at), down(0),
               down(1));
        append(text, R"(<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>)", across(one.at),
               height - bottom + 20, one.label.c_str());
    }
    for (const mark& one : drawn.along_y) {
        append(text, R"(<path class="grid" d="M%.1f %.1fH%.1f"/>)", across(0), down(one.at),
               across(1));
        append(text, R"(<text x="%.1f" y="%.1f" text-anchor="end">%s</text>)", left - 8,
               down(one.at) + 4, one.label.c_str());
    }
}

void append_line(std::string& text, const std::vector<point>& line, const char* kind) {
    append(text, R"(<path class="%s" d=")", kind);
    for (std::size_t i = 0; i != line.size(); ++i)
        append(text, "%c%.1f %.1f", i == 0 ? 'M' : 'L', across(line[i].x), down(line[i].y));
    text += R"("/>)";
}

void append_dots(std::string& text, const std::vector<point>& line) {
    for (const point& one : line)
        if (!one.label.empty())
            append(text, R"(<circle cx="%.1f" cy="%.1f" r="6"><title>%s</title></circle>)",
                   across(one.x), down(one.y), one.label.c_str());
}

}  // namespace

std::string svg(const chart& drawn) {
    std::string text;
    append(text, R"(<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">)", width, height,
           drawn.title.c_str());
    append_grid(text, drawn);
    if (!drawn.second_line.empty())
        append_line(text, drawn.second_line, "line second");
    append_line(text, drawn.line, "line");
    append_dots(text, drawn.second_line);
    append_dots(text, drawn.line);
    return text + "</svg>\n";
}

std::vector<double> round_steps(double most) {
    const double rough = std::max(most, 1e-9) / 5;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    double step = 10 * power;
    for (const double digit : {5.0, 2.0, 1.0})
        if (digit * power >= rough)
            step = digit * power;
    std::vector<double> steps{0};
    while (steps.back() < most || steps.size() < 2)
        steps.push_back(static_cast<double>(steps.size()) * step);
    return steps;
}

}  // namespace coffer::load
