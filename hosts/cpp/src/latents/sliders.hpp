// Where sliders and controls lead (distill_runtime/latents/sliders.py, controls.py).

#pragma once

#include <cmath>

#include "distill/distill.hpp"
#include "../numbers.hpp"

namespace distill {
namespace detail {

inline bool all_finite(const std::vector<float>& values) {
    for (const float value : values) {
        if (!std::isfinite(value)) return false;
    }
    return true;
}

}  // namespace detail

std::vector<float> latent_vector(const SliderBank& bank, const std::vector<double>& positions) {
    if (positions.size() != bank.sliders.size()) {
        throw RequestError(
            "there are " + std::to_string(positions.size()) + " slider positions, expected one for "
            "each of the " + std::to_string(bank.sliders.size()) + " sliders");
    }
    std::vector<float> vector(bank.mean.begin(), bank.mean.end());
    for (std::size_t s = 0; s < positions.size(); ++s) {
        const Slider& slider = bank.sliders[s];
        const double position = positions[s];
        const bool inside = position >= slider.min_step && position <= slider.max_step;
        if (!inside && position != 0.0) {
            throw RequestError(
                "slider " + slider.label + " is set to " + detail::digits_of(position) +
                ", expected a number from " + std::to_string(slider.min_step) + " to " +
                std::to_string(slider.max_step));
        }
        // Float, one slider after the other, as in Distill: so the vector is its own, bit for bit.
        const float distance = static_cast<float>(position) * static_cast<float>(slider.step_size);
        for (std::size_t i = 0; i < vector.size(); ++i) {
            const float part = distance * static_cast<float>(slider.component[i]);
            vector[i] += part;
        }
    }
    if (!detail::all_finite(vector)) {
        throw RequestError("the sliders lead beyond float32: set them nearer to 0");
    }
    return vector;
}

std::vector<float> control_shift(const Metadata& metadata, const std::vector<double>& steps) {
    if (steps.size() != metadata.controls.size()) {
        throw RequestError(
            "there are steps for " + std::to_string(steps.size()) + " controls, expected one for each "
            "of the " + std::to_string(metadata.controls.size()));
    }
    std::vector<double> shift(metadata.latent_dim, 0.0);
    for (std::size_t c = 0; c < steps.size(); ++c) {
        const Control& control = metadata.controls[c];
        if (!(std::abs(steps[c]) <= MAX_STEP)) {
            throw RequestError(
                "control " + control.name + " is set to " + detail::digits_of(steps[c]) +
                ", expected a number of steps from -1000 to 1000");
        }
        if (steps[c] == 0.0) continue;
        const double distance = steps[c] * control.step_size;
        for (std::size_t i = 0; i < shift.size(); ++i) shift[i] += distance * control.direction[i];
    }
    std::vector<float> moved(shift.begin(), shift.end());
    if (!detail::all_finite(moved)) {
        throw RequestError("the controls lead beyond float32: set them nearer to 0");
    }
    return moved;
}

}  // namespace distill
