#include "audit/wide_money.hpp"

#include <algorithm>

namespace coffer::audit {

std::string to_money_text(wide_minor amount_minor) {
    __extension__ using magnitude = unsigned __int128;
    const bool negative = amount_minor < 0;
    magnitude left = static_cast<magnitude>(amount_minor);
    if (negative)
        left = -left;
    std::string reversed;
    const auto add_digit = [&] {
        reversed += static_cast<char>('0' + static_cast<int>(left % 10));
        left /= 10;
    };
    add_digit();
    add_digit();
    if (reversed.front() == '0')
        reversed.erase(0, 1);  // one decimal will do
    reversed += '.';
    do
        add_digit();
    while (left != 0);
    if (negative)
        reversed += '-';
    std::ranges::reverse(reversed);
    return reversed;
}

}  // namespace coffer::audit
