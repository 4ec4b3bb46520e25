// The parameters of the plug-in: their numbers never change, so that projects stay whole.

#pragma once

#include <array>
#include <cstdint>

namespace plugin {

constexpr std::uint32_t KNOBS = 16;

enum Parameter : std::uint32_t {
    // DPF 1.6 answers a VST3 host that asks for the first parameter's value with 0, whatever it is: it
    // is one that the host only reads, and that is 0 as a rule.
    UNDERRUNS,
    MODEL,
    SOURCE,
    PLAY,
    SEED,
    DRIFT,
    NEARNESS,
    HOLD,
    LEVEL,
    WIDTH,
    ATTACK,
    RELEASE,
    RENDER,
    FIRST_KNOB,
    STATUS = FIRST_KNOB + KNOBS,
    LOAD,
    PARAMETERS
};

constexpr bool is_knob(std::uint32_t parameter) { return parameter >= FIRST_KNOB && parameter < STATUS; }

// Whether the host only reads it.
constexpr bool is_output(std::uint32_t parameter) {
    return parameter == UNDERRUNS || parameter >= STATUS;
}

enum Source { FROM_SEED, FROM_SLIDERS };
enum Play { BY_KEYS, ALWAYS };
enum Render { LIVE, BOUNCE };
enum Status { NO_MODEL, LOADING, PLAYING, MISSING, REFUSED, STOPPED, STATUSES };

constexpr std::array<const char*, STATUSES> STATUS_TEXTS = {
    "no model: none is chosen, or none is in the folder Distill of your home",
    "loading",
    "playing",
    "the project's model is missing",
    "the model was refused",
    "onnxruntime is missing, or it stopped"};

// What a parameter is to a host.
struct Description {
    const char* name;
    const char* symbol;
    const char* unit;
    float least, most, usual;
    bool is_whole;
    std::array<const char*, STATUSES> choices;  // of one that is a choice
};

constexpr float LAST_SEED = 99'999.0F;  // more than the hosts' own faders can tell apart

// Of every parameter that is not a knob.
inline const Description& description(std::uint32_t parameter) {
    static const Description FIRST[] = {
        {"Underruns", "underruns", "", 0, 1e6F, 0, true, {}},
        {"Model", "model", "", 0, 0, 0, true, {}},
        {"Source", "source", "", 0, 1, FROM_SEED, true, {"Seed", "Sliders"}},
        {"Play", "play", "", 0, 1, BY_KEYS, true, {"Keys", "Always"}},
        {"Seed", "seed", "", 0, LAST_SEED, 0, true, {}},
        {"Drift", "drift", "", 0, 1, 0.3F, false, {}},
        {"Nearness", "nearness", "", 0, 1, 0.5F, false, {}},
        {"Hold", "hold", "", 0, 1, 0, true, {"Off", "On"}},
        {"Level", "level", "dB", -60, 12, 0, false, {}},
        {"Width", "width", "", 0, 1.5F, 1, false, {}},
        {"Key Attack", "attack", "ms", 0, 5000, 10, false, {}},
        {"Key Release", "release", "ms", 0, 10'000, 500, false, {}},
        {"Render", "render", "", 0, 1, LIVE, true, {"Live", "Bounce"}}};
    static const Description LAST[] = {
        {"Status", "status", "", 0, STATUSES - 1, NO_MODEL, true, STATUS_TEXTS},
        {"Load", "load", "", 0, 1, 0, false, {}}};
    return parameter < FIRST_KNOB ? FIRST[parameter] : LAST[parameter - STATUS];
}

}  // namespace plugin
