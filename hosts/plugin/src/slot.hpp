// The voice that the audio thread reads, and how another takes its place without a click or a lock.

#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>

#include "distill/distill.hpp"

namespace plugin {

class Slot {
  public:
    // A voice, or silence.
    using Voice = std::unique_ptr<distill::LiveVoice>;

    ~Slot() {
        delete offered_.load();
        delete retired_.load();
        delete current_;
        delete previous_;
    }

    // Let the audio thread go over to a voice; one that it has not taken yet is forgotten.
    void offer(Voice voice) { delete offered_.exchange(new Voice(std::move(voice))); }

    // Free what the audio thread is done with.
    void collect() { delete retired_.exchange(nullptr); }

    // Go over to a voice at once. Only while no audio thread is at work, or in it.
    void replace(Voice voice) {
        delete offered_.exchange(nullptr);
        delete previous_;
        delete current_;
        previous_ = nullptr;
        current_ = new Voice(std::move(voice));
    }

    // Write samples of both channels; silence without a voice. For the audio thread.
    void read(float* const* outputs, std::size_t samples) {
        take();
        for (std::size_t done = 0; done < samples;) {
            const std::size_t count = std::min(samples - done, CHUNK);
            float* at[] = {outputs[0] + done, outputs[1] + done};
            read_voice(current_, at, count);
            if (previous_) fade(at, count);
            done += count;
        }
    }

  private:
    static constexpr std::size_t CHUNK = 256, FADE = 960;

    static void read_voice(const Voice* voice, float* const* outputs, std::size_t count) {
        if (voice && *voice) return (*voice)->read(outputs, count);
        for (int c = 0; c < 2; ++c) std::fill_n(outputs[c], count, 0.0F);
    }

    void take() {
        if (previous_) return;
        Voice* voice = offered_.exchange(nullptr);
        if (!voice) return;
        previous_ = current_;
        current_ = voice;
        faded_ = 0;
    }

    void fade(float* const* outputs, std::size_t count) {
        float* old[] = {old_[0].data(), old_[1].data()};
        read_voice(previous_, old, count);
        for (std::size_t i = 0; i < count; ++i, ++faded_) {
            const float t = std::min(1.0F, static_cast<float>(faded_) / FADE);
            for (int c = 0; c < 2; ++c) outputs[c][i] = old[c][i] * (1.0F - t) + outputs[c][i] * t;
        }
        Voice* none = nullptr;
        if (faded_ >= FADE && retired_.compare_exchange_strong(none, previous_)) previous_ = nullptr;
    }

    std::atomic<Voice*> offered_{nullptr}, retired_{nullptr};
    Voice* current_ = nullptr;
    Voice* previous_ = nullptr;  // while it fades out
    std::size_t faded_ = 0;
    std::array<std::array<float, CHUNK>, 2> old_{};
};

}  // namespace plugin
