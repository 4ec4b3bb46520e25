// Numbers in sentences.

#pragma once

#include <cmath>
#include <cstdio>
#include <string>

namespace distill {
namespace detail {

// A number in as few digits as a user needs, with a point whatever the program's locale says.
inline std::string written(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    for (char* letter = text; *letter; ++letter) {
        if (*letter == ',') *letter = '.';
    }
    return text;
}

}  // namespace detail
}  // namespace distill
