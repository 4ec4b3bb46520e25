// From 48 kHz to the host's rate, sample by sample: a windowed sinc, looked up between the phases of
// a table (Smith and Gossett 1984, "A flexible sampling-rate conversion method").

#pragma once

#include <array>
#include <cmath>
#include <vector>

namespace plugin {

class Resampler {
  public:
    static constexpr double SOURCE_RATE_HZ = 48'000.0;

    // Of a host's rate, from 8 to 768 kHz.
    void prepare(double rate_hz) {
        step_ = SOURCE_RATE_HZ / rate_hz;
        is_needed_ = std::abs(step_ - 1.0) > 1e-9;
        if (!is_needed_) return;
        // Below the lower of the two Nyquist frequencies; the lower it is the longer the filter.
        const double cutoff = std::min(1.0, 1.0 / step_) * PASSED;
        half_ = static_cast<int>(std::ceil(HALF_WIDTH / std::min(1.0, 1.0 / step_)));
        table_.assign(static_cast<std::size_t>(half_ * PHASES + 2), 0.0);
        for (std::size_t i = 0; i + 1 < table_.size(); ++i) {
            const double x = double(i) / PHASES;
            const double r = x / half_;
            const double window = r < 1.0 ? bessel(BETA * std::sqrt(1.0 - r * r)) / bessel(BETA) : 0.0;
            const double angle = PI * cutoff * x;
            table_[i] = (i == 0 ? cutoff : cutoff * std::sin(angle) / angle) * window;
        }
        for (auto& channel : held_) channel.assign(static_cast<std::size_t>(2 * half_), 0.0F);
        at_ = 0;
        phase_ = 0.0;
    }

    bool is_needed() const { return is_needed_; }

    // By how many of the host's samples what comes out is late.
    double latency() const { return is_needed_ ? half_ / step_ : 0.0; }

    // How many samples of 48 kHz the next so many samples take.
    std::size_t needs(std::size_t samples) const {
        return static_cast<std::size_t>(std::floor(phase_ + step_ * double(samples)));
    }

    // Turn as many samples as `needs` says of two channels into so many.
    void run(const float* const* inputs, float* const* outputs, std::size_t samples) {
        std::size_t taken = 0;
        for (std::size_t i = 0; i < samples; ++i) {
            phase_ += step_;
            for (; phase_ >= 1.0; phase_ -= 1.0) {
                for (std::size_t c = 0; c < 2; ++c) held_[c][at_] = inputs[c][taken];
                ++taken;
                at_ = (at_ + 1) % held_[0].size();
            }
            for (std::size_t c = 0; c < 2; ++c) outputs[c][i] = value(held_[c]);
        }
    }

  private:
    static constexpr int HALF_WIDTH = 32, PHASES = 512;
    static constexpr double PI = 3.14159265358979323846;
    static constexpr double PASSED = 0.92, BETA = 9.0;  // up to 20.3 kHz of 22.05, -90 dB beyond

    static double bessel(double x) {  // I0, by its series
        double sum = 1.0, term = 1.0;
        for (int k = 1; k < 40; ++k) {
            term *= x / (2.0 * k) * (x / (2.0 * k));
            sum += term;
        }
        return sum;
    }

    float value(const std::vector<float>& held) const {
        double sum = 0.0;
        const auto length = static_cast<int>(held.size());
        for (int i = 0; i < length; ++i) {
            // The sample that came i samples before the last; the filter's middle is half_ back.
            const double x = std::abs(double(i) + phase_ - half_) * PHASES;
            const auto index = static_cast<std::size_t>(x);
            if (index + 1 >= table_.size()) continue;
            const double part = x - double(index);
            const double weight = table_[index] + part * (table_[index + 1] - table_[index]);
            sum += weight * held[(at_ + held.size() - 1 - static_cast<std::size_t>(i)) % held.size()];
        }
        return static_cast<float>(sum);
    }

    bool is_needed_ = false;
    double step_ = 1.0, phase_ = 0.0;
    int half_ = 0;
    std::vector<double> table_;
    std::array<std::vector<float>, 2> held_;
    std::size_t at_ = 0;
};

}  // namespace plugin
