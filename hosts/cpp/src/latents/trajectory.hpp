// The latent trajectory: the path that a duration and a seed stand for
// (distill_runtime/latents/trajectory.py).

#pragma once

#include <algorithm>
#include <cmath>

#include "distill/distill.hpp"
#include "../numbers.hpp"
#include "seeds.hpp"

namespace distill {
namespace detail {

constexpr double MAX_DURATION_S = 1e9;
constexpr double PARALLEL_COSINE = 0.9995;  // above it the angle is too small to divide by its sine

// The whole seconds begun.
inline std::size_t seconds_begun(double duration_s) {
    if (!(duration_s * SAMPLE_RATE_HZ >= 0.5 && duration_s <= MAX_DURATION_S)) {
        throw RequestError(
            "the duration is " + digits_of(duration_s) + " s, expected more than a sample's and at most "
            "1e9 s");
    }
    return static_cast<std::size_t>(std::ceil(duration_s));
}

inline double checked_share(const char* name, double value) {
    if (!(value >= 0.0 && value <= 1.0)) {
        throw RequestError(
            std::string(name) + " is " + digits_of(value) + ", expected a number from 0 to 1");
    }
    return value;
}

// Spread steps evenly over anchors, from the first to the last; `next` draws them in order.
template <typename Next>
std::vector<float> walk(Next next, std::size_t count, std::size_t steps, std::size_t latent_dim) {
    std::vector<float> latents;
    latents.reserve(steps * latent_dim);
    std::vector<float> near = next();
    if (steps == 1) return near;
    std::vector<float> far = next();
    std::size_t index = 0;  // of the anchor before
    for (std::size_t step = 0; step < steps; ++step) {
        const double position = static_cast<double>(step) / static_cast<double>(steps - 1) *
                                static_cast<double>(count - 1);
        const std::size_t before = std::min(static_cast<std::size_t>(position), count - 2);
        for (; index < before; ++index) {
            near.swap(far);
            far = next();
        }
        const auto point = slerp(near, far, position - static_cast<double>(before));
        latents.insert(latents.end(), point.begin(), point.end());
    }
    return latents;
}

}  // namespace detail

std::vector<float> slerp(const std::vector<float>& a, const std::vector<float>& b, double t) {
    if (a.size() != b.size()) throw RequestError("the latent vectors are of different sizes");
    double dot = 0.0, square_a = 0.0, square_b = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = a[i], y = b[i];
        dot += x * y;
        square_a += x * x;
        square_b += y * y;
    }
    const double lengths = std::sqrt(square_a) * std::sqrt(square_b);
    const double cosine = lengths > 0.0 ? dot / lengths : 1.0;
    double from_a = 1.0 - t, from_b = t;
    if (std::abs(cosine) <= detail::PARALLEL_COSINE) {
        const double angle = std::acos(cosine);
        from_a = std::sin((1.0 - t) * angle) / std::sin(angle);
        from_b = std::sin(t * angle) / std::sin(angle);
    }
    // Float from here on, as in Distill. The weights come from double so that the order in which the
    // products were added up cannot show.
    const float weight_a = static_cast<float>(from_a), weight_b = static_cast<float>(from_b);
    std::vector<float> point(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        const float part_a = weight_a * a[i], part_b = weight_b * b[i];
        point[i] = part_a + part_b;
    }
    return point;
}

std::size_t steps_for_duration(double duration_s) {
    constexpr std::size_t HOP_LENGTH = 512, CHUNK_FRAMES = 94, HOP_FRAMES = 47;
    const std::size_t frames = detail::seconds_begun(duration_s) * SAMPLE_RATE_HZ / HOP_LENGTH + 1;
    if (frames <= CHUNK_FRAMES) return 1;
    return (frames - CHUNK_FRAMES + HOP_FRAMES - 1) / HOP_FRAMES + 1;
}

std::vector<float> trajectory(std::uint32_t seed, double duration_s, std::size_t latent_dim) {
    Seeds seeds(seed);
    const std::size_t count = std::max<std::size_t>(2, detail::seconds_begun(duration_s));
    return detail::walk(
        [&] { return seeds.randn(latent_dim); }, count, steps_for_duration(duration_s), latent_dim);
}

std::vector<float> evolve(
    const std::vector<float>& vector, std::uint32_t seed, double duration_s, double evolution) {
    detail::checked_share("evolution", evolution);
    const std::size_t steps = steps_for_duration(duration_s);
    if (steps == 1 || evolution == 0.0) {
        std::vector<float> latents;
        latents.reserve(steps * vector.size());
        for (std::size_t i = 0; i < steps; ++i) {
            latents.insert(latents.end(), vector.begin(), vector.end());
        }
        return latents;
    }
    Seeds seeds(seed);
    const std::size_t chunks = detail::seconds_begun(duration_s);
    const std::size_t count = std::max<std::size_t>(2, (2 * chunks + 2) / 3);
    bool first = true;
    auto next = [&] {
        if (first) {
            first = false;
            return vector;
        }
        return slerp(vector, seeds.randn(vector.size()), evolution);
    };
    return detail::walk(next, count, steps, vector.size());
}

}  // namespace distill
