// A sound that is played by hand: moves go in, samples come out.

#pragma once

#include "worker.hpp"

namespace distill {

class LiveVoice::Implementation {
  public:
    Implementation(std::shared_ptr<const Artifact> artifact, Settings settings)
        : artifact_(std::move(artifact)),
          stereo_(settings.stereo),
          place_(settings.place),
          gain_(checked_gain(settings)),
          renderer_(artifact_, settings.place, stereo_.voices()),
          player_(stereo_.voices(), artifact_->metadata().latency_samples, stereo_, gain_),
          answers_(renderer_, player_, moves_) {
        if (settings.realtime) {
            worker_ = std::make_unique<detail::Worker>(
                *artifact_, answers_, renderer_, player_, moves_);
        }
    }

    void move(const Place& place, bool restart) {
        detail::check_place(place, artifact_->metadata(), stereo_.voices());
        {
            const std::lock_guard<std::mutex> lock(placing_);
            place_ = place;
            moves_.ask(place, restart);
        }
        if (worker_) worker_->wake();
    }

    Place place() const {
        const std::lock_guard<std::mutex> lock(placing_);
        return place_;
    }

    void read(float* const* outputs, std::size_t samples) {
        if (!worker_) {
            render(outputs, samples);
            return;
        }
        const std::size_t ready = player_.read(outputs, stereo_.channels(), samples);
        if (ready == samples) return;
        underruns_.fetch_add(1, std::memory_order_relaxed);
        for (std::size_t c = 0; c < stereo_.channels(); ++c) {
            std::fill(outputs[c] + ready, outputs[c] + samples, 0.0F);
        }
    }

    std::size_t channels() const { return stereo_.channels(); }
    double gain() const { return gain_; }
    std::uint64_t underruns() const { return underruns_.load(std::memory_order_relaxed); }
    double load() const { return worker_ ? worker_->load() : 0.0; }
    std::string failure() const { return worker_ ? worker_->failure() : std::string(); }

  private:
    double checked_gain(const Settings& settings) const {
        detail::check_stereo(stereo_);
        detail::check_place(settings.place, artifact_->metadata(), stereo_.voices());
        if (!settings.gain) return detail::file_gain(*artifact_, settings.place, stereo_);
        if (!(*settings.gain >= 0.0 && *settings.gain <= 1e6)) {
            throw RequestError(
                "the gain is " + detail::digits_of(*settings.gain) + ", expected a number from 0 to 1e6");
        }
        return *settings.gain;
    }

    // Render what is read, in the thread that reads.
    void render(float* const* outputs, std::size_t samples) {
        if (moves_.is_asked()) {
            answers_.answer(0.0, [&] {
                player_.take();
                return true;
            });
        }
        float* at[2] = {outputs[0], stereo_.channels() > 1 ? outputs[1] : nullptr};
        while (samples > 0) {
            const std::size_t ready = player_.read(at, stereo_.channels(), samples);
            samples -= ready;
            for (std::size_t c = 0; c < stereo_.channels(); ++c) at[c] += ready;
            if (samples > 0) answers_.extend();
        }
    }

    std::shared_ptr<const Artifact> artifact_;
    Stereo stereo_;
    Place place_;
    double gain_;
    detail::Renderer renderer_;
    detail::Player player_;
    detail::Moves moves_;
    detail::Answers answers_;
    std::atomic<std::uint64_t> underruns_{0};
    mutable std::mutex placing_;
    std::unique_ptr<detail::Worker> worker_;  // ends first
};

LiveVoice::LiveVoice(std::shared_ptr<const Artifact> artifact, Settings settings) {
    if (!artifact) throw RequestError("there is no artifact to play");
    implementation_ = std::make_unique<Implementation>(std::move(artifact), std::move(settings));
}

LiveVoice::~LiveVoice() = default;

void LiveVoice::move(const Place& place, bool restart) { implementation_->move(place, restart); }
Place LiveVoice::place() const { return implementation_->place(); }
void LiveVoice::read(float* const* outputs, std::size_t samples) {
    implementation_->read(outputs, samples);
}
std::size_t LiveVoice::channels() const { return implementation_->channels(); }
double LiveVoice::gain() const { return implementation_->gain(); }
std::uint64_t LiveVoice::underruns() const { return implementation_->underruns(); }
double LiveVoice::load() const { return implementation_->load(); }
std::string LiveVoice::failure() const { return implementation_->failure(); }

}  // namespace distill
