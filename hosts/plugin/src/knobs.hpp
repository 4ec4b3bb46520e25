// What the knobs move on a model: the named controls first, then the sliders, sixteen in all, as the
// inlets of an artifact for nn~ (distill_runtime/latents/inlets.py).

#pragma once

#include "distill/distill.hpp"
#include "parameters.hpp"

namespace plugin {

// A control or a slider by its index; neither, of a knob that a model has no use for.
struct Lever {
    const distill::Control* control = nullptr;
    const distill::Slider* slider = nullptr;
    std::size_t index = 0;
};

inline Lever lever_of(const distill::Metadata& model, std::size_t knob) {
    const std::size_t controls = std::min<std::size_t>(model.controls.size(), KNOBS);
    if (knob < controls) return {&model.controls[knob], nullptr, knob};
    const std::size_t index = knob - controls;
    if (!model.sliders || index >= model.sliders->sliders.size()) return {};
    return {nullptr, &model.sliders->sliders[index], index};
}

}  // namespace plugin
