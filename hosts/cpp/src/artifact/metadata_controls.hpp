// The sliders, the controls and the landmarks in the metadata (distill_runtime/contract/sliders.py,
// controls.py, landmarks.py).

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "artifact/json_fields.hpp"
#include "artifact/letters.hpp"
#include "distill/distill.hpp"

namespace distill {
namespace detail {

inline Slider read_slider(const JsonFields& fields, std::size_t latent_dim) {
    Slider slider;
    const auto step = [&](const char* key) { return fields.step(key, -MAX_STEP, MAX_STEP); };
    slider.min_step = step("min_step");
    slider.max_step = step("max_step");
    slider.safe_min_step = step("safe_min_step");
    slider.safe_max_step = step("safe_max_step");
    slider.warning_min_step = step("warning_min_step");
    slider.warning_max_step = step("warning_max_step");
    slider.name = fields.text("name");
    slider.label = fields.text("label");
    slider.component = fields.numbers("component", latent_dim);
    slider.step_size = fields.number("step_size");
    slider.variance_explained = fields.number("variance_explained");
    if (fields.contains("original_label")) fields.text("original_label");
    return slider;
}

inline SliderBank read_sliders(const JsonFields& fields, std::size_t latent_dim) {
    SliderBank bank;
    bank.mean = fields.numbers("mean", latent_dim);
    for (const JsonFields& slider : fields.sections("sliders")) {
        bank.sliders.push_back(read_slider(slider, latent_dim));
    }
    return bank;
}

// The length of a vector, wherever its squares would be beyond all doubles.
inline double length_of(const std::vector<double>& vector) {
    double largest = 0.0, sum = 0.0;
    for (const double value : vector) largest = std::max(largest, std::abs(value));
    if (largest == 0.0) return 0.0;
    for (const double value : vector) sum += value / largest * (value / largest);
    return largest * std::sqrt(sum);
}

inline void check_control(const Control& control, const char* document) {
    constexpr std::size_t MAX_NAME = 40;
    constexpr double MAX_ERROR = 1e-3;  // how far the written length of a direction may be from 1
    const std::string& name = control.name;
    const std::string about = std::string(document) + ": ", named = in_quotes(name);
    if (name.empty() || !is_printable(name) || name.front() == ' ' || name.back() == ' ' ||
        count_letters(name) > MAX_NAME) {
        throw ArtifactError(
            about + "a control is called " + named + ", expected 1 to " + std::to_string(MAX_NAME) +
            " printable characters");
    }
    if (name.find(':') != std::string::npos) {
        throw ArtifactError(about + "a control is called " + named + ", expected a name without colon");
    }
    if (control.step_size <= 0.0) {
        throw ArtifactError(about + "control " + named + " has the step_size 0, expected one above 0");
    }
    const double length = length_of(control.direction);
    if (!(std::abs(length - 1.0) <= MAX_ERROR)) {
        throw ArtifactError(
            about + "control " + named + " has a direction of length " + digits_of(length, 4) +
            ", expected 1");
    }
}

inline Control read_control(const JsonFields& fields, std::size_t latent_dim, const char* document) {
    constexpr double ANY = std::numeric_limits<double>::infinity();
    Control control;
    control.name = fields.text("name");
    control.direction = fields.numbers("direction", latent_dim);
    control.step_size = fields.number_within("step_size", 0.0, ANY);
    control.safe_min_step = fields.step("safe_min_step", -MAX_STEP, 0);
    control.safe_max_step = fields.step("safe_max_step", 0, MAX_STEP);
    control.unit = fields.text("unit");
    control.change_per_step = fields.number("change_per_step");
    fields.number_within("correlation", -1.0, 1.0);
    fields.number_within("leak", 0.0, ANY);
    if (!fields.is_null("leaks_into")) fields.text("leaks_into");
    fields.integer("places", 1, std::int64_t{1} << 31);
    control.is_level = fields.boolean("is_level");
    check_control(control, document);
    return control;
}

inline std::vector<Control> read_controls(
    const std::vector<JsonFields>& fields, std::size_t latent_dim, const char* document) {
    constexpr std::size_t MAX_CONTROLS = 64;
    if (fields.size() > MAX_CONTROLS) {
        throw ArtifactError(
            std::string(document) + " has " + std::to_string(fields.size()) + " controls, expected at most " +
            std::to_string(MAX_CONTROLS));
    }
    std::vector<Control> controls;
    for (const JsonFields& control : fields) controls.push_back(read_control(control, latent_dim, document));
    std::set<std::string> names;
    for (const Control& control : controls) {
        if (!names.insert(folded(control.name)).second) {
            throw ArtifactError(
                std::string(document) + " has several controls called " + in_quotes(control.name) + ", expected one");
        }
    }
    return controls;
}

inline Landmarks read_landmarks(const JsonFields& fields, std::size_t latent_dim, const char* document) {
    constexpr std::size_t MAX_LANDMARKS = 1024, MAX_VALUES = std::size_t{1} << 18;  // of all together
    constexpr double MIN_WIDTH = 1e-6;  // beside it, any float32 can still be squared
    constexpr double LARGEST = 3e38;    // of float32
    constexpr double LARGEST_POTENTIAL = 1e9;
    const auto check = [&](bool fits, const std::string& wrong) {
        if (!fits) throw ArtifactError(std::string(document) + ": " + wrong);
    };
    const std::size_t count = fields.size("count", 1, MAX_LANDMARKS);
    Landmarks landmarks;
    landmarks.vectors = fields.numbers("vectors", count * latent_dim);
    landmarks.potentials = fields.numbers("potentials", count);
    landmarks.widths = fields.numbers("widths", latent_dim);
    landmarks.default_nearness = fields.number("default");
    check(
        count * latent_dim <= MAX_VALUES,
        "there are " + std::to_string(count) + " landmarks of " + std::to_string(latent_dim) +
            " values, expected 1 to " + std::to_string(MAX_LANDMARKS) + ", and " + std::to_string(MAX_VALUES) +
            " values at most");
    const auto within = [](const std::vector<double>& values, double low, double high) {
        return std::all_of(values.begin(), values.end(), [&](double value) {
            return low <= value && value <= high;
        });
    };
    check(
        within(landmarks.potentials, -LARGEST_POTENTIAL, LARGEST_POTENTIAL),
        "the landmarks' potentials are not " + std::to_string(count) + " numbers within " +
            digits_of(LARGEST_POTENTIAL, 6));
    check(within(landmarks.vectors, -LARGEST, LARGEST), "a landmark lies beyond float32");
    check(
        within(landmarks.widths, MIN_WIDTH, LARGEST),
        "a landmark has the width " +
            shortest(*std::min_element(landmarks.widths.begin(), landmarks.widths.end())) +
            ", expected a number from " + digits_of(MIN_WIDTH, 6) + " on");
    const double nearness = landmarks.default_nearness;
    check(
        nearness >= 0.0 && nearness <= 1.0,
        "the default nearness is " + shortest(nearness) + ", expected a number from 0 to 1");
    return landmarks;
}

}  // namespace detail
}  // namespace distill
