// Numbers in sentences.

#pragma once

#include <cmath>
#include <locale>
#include <sstream>
#include <string>

namespace distill {
namespace detail {

// A number in so many significant digits, whatever the program's locale says.
inline std::string digits_of(double value, int precision = 6) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    std::ostringstream text;
    text.imbue(std::locale::classic());
    text.precision(precision);
    text << value;
    return text.str();
}

}  // namespace detail
}  // namespace distill
