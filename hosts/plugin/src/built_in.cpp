// No artifact is built in: the plug-in plays those in a folder.

#include <cstddef>

namespace plugin {

extern const unsigned char* const BUILT_IN;
extern const std::size_t BUILT_IN_SIZE;

const unsigned char* const BUILT_IN = nullptr;
const std::size_t BUILT_IN_SIZE = 0;

}  // namespace plugin
