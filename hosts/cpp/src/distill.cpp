// The library's one source: its parts, in the order in which they need each other.

#include "distill/distill.hpp"

