// Draws lines as SVG, in the colours of the page.
#pragma once

#include <string>
#include <vector>

namespace coffer::load {

struct point {
    double x;
    double y;
    std::string label;  ///< shown under the pointer; empty for none
};

struct mark {
    double at;
    std::string label;
};

/// The caller computes the scales: every x and y is from 0 to 1, from the left and the bottom.
struct chart {
    std::string title;  ///< for screen readers
    std::vector<point> line;
    std::vector<point> second_line;  ///< drawn dashed; empty for none
    std::vector<mark> along_x;
    std::vector<mark> along_y;
};

[[nodiscard]] std::string svg(const chart&);

/// Three to six round numbers from 0 up to and including one that is not below `most`.
[[nodiscard]] std::vector<double> round_steps(double most);

}  // namespace coffer::load
