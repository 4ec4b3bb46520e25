# Turns a file into a C++ header with its bytes:
#
#     cmake -DINPUT=known.json -DOUTPUT=known_json.hpp -DNAME=KNOWN_JSON -P embed.cmake
file(READ "${INPUT}" digits HEX)
string(REGEX REPLACE "(................................)" "\\1\n    " digits "${digits}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${digits}")
get_filename_component(file "${INPUT}" NAME)
file(WRITE "${OUTPUT}.new" "// ${file}, as it was when this was built.

#pragma once

namespace distill {
namespace detail {

inline constexpr unsigned char ${NAME}[] = {
    ${bytes}
};

}  // namespace detail
}  // namespace distill
")
file(RENAME "${OUTPUT}.new" "${OUTPUT}")
