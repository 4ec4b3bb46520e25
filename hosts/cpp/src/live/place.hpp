// Where a live sound is to be, checked against the model that is to be there.

#pragma once

#include "distill/distill.hpp"
#include "../latents/sliders.hpp"
#include "../latents/trajectory.hpp"

namespace distill {

bool Place::operator==(const Place& other) const {
    return seed == other.seed && sliders == other.sliders && vector == other.vector &&
           controls == other.controls && drift == other.drift && nearness == other.nearness &&
           hold == other.hold;
}

namespace detail {

inline bool walks(const Place& place) { return place.sliders.empty() && place.vector.empty(); }

// See that a model can be there, with so many voices. Throws RequestError.
inline void check_place(const Place& place, const Metadata& metadata, std::size_t voices) {
    checked_share("the drift", place.drift);
    checked_share("the nearness", place.nearness);
    const std::uint64_t last_seed = std::uint64_t{place.seed} + voices - 1;
    if (last_seed > 0xFFFFFFFFU) {
        throw RequestError(
            "the seed is " + std::to_string(place.seed) + ", expected a whole number from 0 to " +
            std::to_string(0xFFFFFFFFU - (voices - 1)));
    }
    if (!place.sliders.empty() && !place.vector.empty()) {
        throw RequestError("there are sliders and a latent vector: give one of them");
    }
    if (!place.vector.empty() &&
        (place.vector.size() != metadata.latent_dim || !all_finite(place.vector))) {
        throw RequestError(
            "the latent vector has " + std::to_string(place.vector.size()) + " values, expected " +
            std::to_string(metadata.latent_dim) + " finite ones");
    }
    if (!place.sliders.empty()) {
        if (!metadata.sliders) {
            throw RequestError("this model has no sliders: move to a latent vector instead");
        }
        latent_vector(*metadata.sliders, place.sliders);
    }
    if (!place.controls.empty()) control_shift(metadata, place.controls);
    if (place.nearness > 0.0 && !metadata.landmarks) {
        throw RequestError(
            metadata.name + " does not know where its recordings lie, which nearness needs: export "
            "its model again with --recordings FOLDER");
    }
}

}  // namespace detail
}  // namespace distill
