// Rendering the steps of a live sound, of which the last can be rendered anew: the other half
// (distill_runtime/generation/live/timeline.py).
//
// An artifact's state is a value, so a step that plays already can be rendered again from the state
// before it, with other latent vectors. Two chunks sound at any time, the one of this step and the
// one of the step before, which fades out; both are made anew, or a move would only be half heard.

#pragma once

#include <map>

#include "path.hpp"
#include "player.hpp"

namespace distill {
namespace detail {

// Steps that were rendered anew and are not yet heard.
struct Rewrite {
    std::uint64_t first = 0;
    Place place;
    std::vector<State> states;          // before each of them, and after the last
    std::vector<std::uint32_t> phases;  // of each of them, and of the step after the last
    std::vector<Block*> blocks;

    std::uint64_t end() const { return first + blocks.size(); }
    bool is_full() const { return blocks.size() == Delivery::MAX_BLOCKS; }
};

class Renderer {
  public:
    Renderer(std::shared_ptr<const Artifact> artifact, const Place& place, std::size_t rows)
        : artifact_(std::move(artifact)), rows_(rows), path_(artifact_->metadata(), rows), place_(place) {
        states_[0] = artifact_->initial_state(rows);
        phases_[0] = 0;
    }

    const Place& place() const { return place_; }
    std::uint64_t next_step() const { return next_step_; }

    // Render the next step. Throws InterruptedError, and then nothing has changed.
    Delivery extend(const Interrupt* interrupt = nullptr) {
        Rewrite rewrite = begin(place_, next_step_, phases_.at(next_step_));
        grow(rewrite, interrupt);
        keep(rewrite);
        return delivery(rewrite, false);
    }

    // Render steps anew from one of the last on, without changing what is there.
    Rewrite rewrite(const Place& place, std::uint64_t first, std::size_t steps, bool restart) {
        Rewrite rewrite = begin(place, first, restart ? 0 : phases_.at(first));
        for (std::size_t i = 0; i < steps; ++i) grow(rewrite);
        return rewrite;
    }

    // Render one step more.
    void grow(Rewrite& rewrite, const Interrupt* interrupt = nullptr) {
        State state = rewrite.states.back();
        const std::uint32_t phase = rewrite.phases.back();
        const auto audio = artifact_->step(
            path_.latents(rewrite.place, phase), rows_, state, false, interrupt);
        Block* block = free_block();
        std::copy(audio.begin(), audio.end(), block->begin());
        rewrite.blocks.push_back(block);
        rewrite.states.push_back(std::move(state));
        rewrite.phases.push_back(rewrite.place.hold ? phase : (phase + 1) % MAX_PHASE);
    }

    // Go on from what a rewrite left, and forget states that are too old.
    void keep(const Rewrite& rewrite) {
        for (std::size_t i = 0; i < rewrite.states.size(); ++i) {
            states_[rewrite.first + i] = rewrite.states[i];
            phases_[rewrite.first + i] = rewrite.phases[i];
        }
        next_step_ = rewrite.end();
        place_ = rewrite.place;
        const auto is_kept = [&](std::uint64_t step) {
            return step + KEPT_STEPS >= next_step_ && step <= next_step_;
        };
        for (auto entry = states_.begin(); entry != states_.end();) {
            entry = is_kept(entry->first) ? std::next(entry) : states_.erase(entry);
        }
        for (auto entry = phases_.begin(); entry != phases_.end();) {
            entry = is_kept(entry->first) ? std::next(entry) : phases_.erase(entry);
        }
    }

    static Delivery delivery(const Rewrite& rewrite, bool is_new) {
        Delivery delivery;
        delivery.first = rewrite.first;
        delivery.count = rewrite.blocks.size();
        delivery.is_new = is_new;
        std::copy(rewrite.blocks.begin(), rewrite.blocks.end(), delivery.blocks.begin());
        return delivery;
    }

    // Use again what was heard, or what will not be.
    void recycle(Block* block) { free_.push_back(block); }

  private:
    static constexpr std::uint64_t KEPT_STEPS = 6;  // what plays, what is ahead, what came before

    Rewrite begin(const Place& place, std::uint64_t first, std::uint32_t phase) {
        Rewrite rewrite;
        rewrite.first = first;
        rewrite.place = place;
        rewrite.states.push_back(states_.at(first));
        rewrite.phases.push_back(phase);
        return rewrite;
    }

    Block* free_block() {
        if (free_.empty()) {
            blocks_.push_back(std::make_unique<Block>(rows_ * STEP_SAMPLES));
            free_.push_back(blocks_.back().get());
        }
        Block* block = free_.back();
        free_.pop_back();
        return block;
    }

    std::shared_ptr<const Artifact> artifact_;
    std::size_t rows_;
    Path path_;
    Place place_;
    std::map<std::uint64_t, State> states_;
    std::map<std::uint64_t, std::uint32_t> phases_;
    std::uint64_t next_step_ = 0;
    std::vector<std::unique_ptr<Block>> blocks_;
    std::vector<Block*> free_;
};

// Return the gain that a finished file of the first seconds at a place would have
// (distill_runtime/generation/live/output.py). A control of the level does not count.
inline double file_gain(const Artifact& artifact, Place place, const Stereo& stereo) {
    constexpr std::uint32_t LEVEL_STEPS = 8;
    constexpr double MAX_GAIN = 100.0;
    const Metadata& metadata = artifact.metadata();
    for (std::size_t c = 0; c < place.controls.size(); ++c) {
        if (metadata.controls[c].is_level) place.controls[c] = 0.0;
    }
    const std::size_t rows = stereo.voices(), dim = metadata.latent_dim;
    Path path(metadata, rows);
    std::vector<float> latents(rows * LEVEL_STEPS * dim);
    for (std::uint32_t step = 0; step < LEVEL_STEPS; ++step) {
        const auto points = path.latents(place, place.hold ? 0 : step);
        for (std::size_t row = 0; row < rows; ++row) {
            std::copy_n(&points[row * dim], dim, &latents[(row * LEVEL_STEPS + step) * dim]);
        }
    }
    State state = artifact.initial_state(rows);
    const auto audio = artifact.step(latents, rows, state);
    const std::size_t samples = audio.size() / rows;
    Spatial spatial(stereo);
    double peak = 0.0;
    for (std::size_t i = metadata.latency_samples; i < samples; ++i) {
        const auto heard = spatial.push(audio[i], audio[(rows - 1) * samples + i]);
        for (const double sample : heard) peak = std::max(peak, std::abs(sample));
    }
    return peak < SILENCE_PEAK ? 1.0 : std::min(TARGET_PEAK / peak, MAX_GAIN);
}

}  // namespace detail
}  // namespace distill
