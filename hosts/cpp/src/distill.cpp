// The library's one source: its parts, in the order in which they need each other.

#include "distill/distill.hpp"

#include "artifact/inspect.hpp"
#include "latents/seeds.hpp"
#include "latents/trajectory.hpp"
#include "latents/sliders.hpp"
#include "latents/nearness.hpp"
#include "artifact.hpp"
#include "live/live_voice.hpp"
