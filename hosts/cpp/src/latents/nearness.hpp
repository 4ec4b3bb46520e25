// Nearness: a pull of latent vectors towards the places where the recordings lie
// (distill_runtime/latents/nearness.py, which has the formula and its source).

#pragma once

#include <algorithm>
#include <cmath>

#include "distill/distill.hpp"
#include "trajectory.hpp"

namespace distill {
namespace detail {

// How much of a vector belongs to each landmark, 1 in all. Every sum goes value after value.
inline std::vector<double> shares_of(const float* z, const Landmarks& landmarks) {
    const std::size_t size = landmarks.widths.size();
    std::vector<double> shares(landmarks.potentials.size());
    const double* vector = landmarks.vectors.data();
    for (std::size_t l = 0; l < shares.size(); ++l, vector += size) {
        double distance = 0.0;
        for (std::size_t i = 0; i < size; ++i) {
            const double offset = (static_cast<double>(z[i]) - vector[i]) / landmarks.widths[i];
            distance += offset * offset;
        }
        shares[l] = landmarks.potentials[l] - distance / 2.0;
    }
    const double most = *std::max_element(shares.begin(), shares.end());
    double total = 0.0;
    for (double& share : shares) {
        share = std::exp(share - most);
        total += share;
    }
    for (double& share : shares) share /= total;
    return shares;
}

}  // namespace detail

void pull(std::vector<float>& latents, const Landmarks& landmarks, double nearness) {
    if (detail::checked_share("the nearness", nearness) == 0.0) return;
    const std::size_t size = landmarks.widths.size();
    if (size == 0 || latents.size() % size != 0) {
        throw RequestError("the latent vectors are not of the landmarks' size");
    }
    std::vector<double> target(size);
    for (std::size_t at = 0; at < latents.size(); at += size) {
        const std::vector<double> shares = detail::shares_of(&latents[at], landmarks);
        std::fill(target.begin(), target.end(), 0.0);
        const double* vector = landmarks.vectors.data();
        for (const double share : shares) {
            for (std::size_t i = 0; i < size; ++i) target[i] += share * vector[i];
            vector += size;
        }
        for (std::size_t i = 0; i < size; ++i) {
            const double value = latents[at + i];
            latents[at + i] = static_cast<float>(value + nearness * (target[i] - value));
        }
    }
}

}  // namespace distill
