// The latent vectors of a place, step after step, without an end
// (distill_runtime/generation/live/path.py).

#pragma once

#include <map>

#include "../latents/nearness.hpp"
#include "../latents/seeds.hpp"
#include "place.hpp"

namespace distill {
namespace detail {

// After so many steps, six days, a seed's walk begins anew: its anchors have to be drawn in order.
constexpr std::uint32_t MAX_PHASE = 1U << 20;

// The random vectors of a seed, drawn when they are needed; some of the last are kept.
class Anchors {
  public:
    Anchors(std::uint32_t seed, std::size_t latent_dim)
        : seed_(seed), latent_dim_(latent_dim), seeds_(std::make_unique<Seeds>(seed)) {}

    const std::vector<float>& at(std::size_t index) {
        if (index < first_) {
            seeds_ = std::make_unique<Seeds>(seed_);
            kept_.clear();
            first_ = 0;
        }
        while (index >= first_ + kept_.size()) {
            if (kept_.size() == KEPT) {
                kept_.erase(kept_.begin(), kept_.begin() + KEPT / 2);
                first_ += KEPT / 2;
            }
            kept_.push_back(seeds_->randn(latent_dim_));
        }
        return kept_[index - first_];
    }

  private:
    static constexpr std::size_t KEPT = 64;
    std::uint32_t seed_;
    std::size_t latent_dim_;
    std::unique_ptr<Seeds> seeds_;
    std::vector<std::vector<float>> kept_;
    std::size_t first_ = 0;
};

class Path {
  public:
    // Voice i takes the i-th seed from the place's on.
    Path(const Metadata& metadata, std::size_t voices) : metadata_(metadata), voices_(voices) {}

    // Return the latent vectors [voices, latent_dim] of a step, `phase` steps after the wandering
    // began.
    std::vector<float> latents(const Place& place, std::uint32_t phase) {
        std::vector<float> rows;
        for (std::size_t voice = 0; voice < voices_; ++voice) {
            const auto row = one(place, place.seed + static_cast<std::uint32_t>(voice), phase);
            rows.insert(rows.end(), row.begin(), row.end());
        }
        forget(place);
        if (place.nearness > 0.0) pull(rows, *metadata_.landmarks, place.nearness);
        if (std::any_of(place.controls.begin(), place.controls.end(), [](double s) { return s != 0; })) {
            const auto shift = control_shift(metadata_, place.controls);
            for (std::size_t i = 0; i < rows.size(); ++i) rows[i] += shift[i % shift.size()];
        }
        return rows;
    }

  private:
    static constexpr std::uint32_t STEPS_PER_ANCHOR = 2;  // of a walk: an anchor a second
    static constexpr std::uint32_t STEPS_PER_DRIFT = 3;   // of a drift: one in a second and a half

    std::vector<float> one(const Place& place, std::uint32_t seed, std::uint32_t phase) {
        if (walks(place)) {
            Anchors& anchors = of(seed);
            const std::uint32_t index = phase / STEPS_PER_ANCHOR, part = phase % STEPS_PER_ANCHOR;
            const std::vector<float> near = anchors.at(index);
            return slerp(near, anchors.at(index + 1), double(part) / STEPS_PER_ANCHOR);
        }
        const std::vector<float> vector =
            place.vector.empty() ? latent_vector(*metadata_.sliders, place.sliders) : place.vector;
        if (place.drift == 0.0) return vector;
        Anchors& anchors = of(seed);
        const auto anchor = [&](std::uint32_t index) {
            return index == 0 ? vector : slerp(vector, anchors.at(index - 1), place.drift);
        };
        const std::uint32_t index = phase / STEPS_PER_DRIFT, part = phase % STEPS_PER_DRIFT;
        const std::vector<float> near = anchor(index);
        return slerp(near, anchor(index + 1), double(part) / STEPS_PER_DRIFT);
    }

    Anchors& of(std::uint32_t seed) {
        return anchors_.try_emplace(seed, seed, metadata_.latent_dim).first->second;
    }

    // Keep the anchors of this place's seeds alone.
    void forget(const Place& place) {
        for (auto entry = anchors_.begin(); entry != anchors_.end();) {
            const bool is_used = entry->first - place.seed < voices_;
            entry = is_used ? std::next(entry) : anchors_.erase(entry);
        }
    }

    const Metadata& metadata_;
    std::size_t voices_;
    std::map<std::uint32_t, Anchors> anchors_;
};

}  // namespace detail
}  // namespace distill
