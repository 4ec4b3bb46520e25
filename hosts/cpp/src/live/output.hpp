// From the voices of a live sound to what is heard: stereo, level and a soft limit
// (distill_runtime/audio/spatial.py, soft_limit.py). Sample by sample; nothing here allocates after
// it was made.

#pragma once

#include <array>
#include <cmath>

#include "distill/distill.hpp"
#include "../numbers.hpp"

namespace distill {
namespace detail {

constexpr double TARGET_PEAK = 0.891;  // 1 dB below full scale
constexpr double SILENCE_PEAK = 1e-8;

// A signal, a number of samples later.
class DelayLine {
  public:
    explicit DelayLine(std::size_t delay) : held_(delay) {}

    double push(double sample) {
        if (held_.empty()) return sample;
        const double late = held_[at_];
        held_[at_] = sample;
        at_ = at_ + 1 == held_.size() ? 0 : at_ + 1;
        return late;
    }

  private:
    std::vector<double> held_;
    std::size_t at_ = 0;
};

inline void check_stereo(const Stereo& stereo) {
    if (!(stereo.width >= 0.0 && stereo.width <= 1.5)) {
        throw RequestError(
            "stereo.width is " + digits_of(stereo.width) + ", expected a number from 0 to 1.5");
    }
    if (!(stereo.depth >= 0.0 && stereo.depth <= 1.0)) {
        throw RequestError(
            "stereo.depth is " + digits_of(stereo.depth) + ", expected a number from 0 to 1");
    }
}

// The width and depth of a stereo sound.
class Spatial {
  public:
    explicit Spatial(const Stereo& stereo)
        : mode_(stereo.mode),
          width_(stereo.width),
          depth_(stereo.depth >= MIN_DEPTH ? stereo.depth : 0.0),
          side_(SIDE_DELAY),
          echoes_{DelayLine(echo_delay(depth_)), DelayLine(echo_delay(depth_))} {}

    // Take a sample of each voice and return one for each channel.
    std::array<double, 2> push(double first, double second) {
        if (mode_ == Stereo::Mode::mono) return {first, first};
        double left = first, right = second;
        if (mode_ == Stereo::Mode::mid_side) {
            const double delayed = side_.push(first);
            const double mid = (first + delayed) / 2.0;
            const double side = width_ * ((first - delayed) / 2.0);
            left = mid + side;
            right = mid - side;
        }
        const double gain = DEPTH_GAIN * depth_;
        const double left_echo = gain * echoes_[0].push(left);
        const double right_echo = gain * echoes_[1].push(right);
        return {left + left_echo, right + right_echo};
    }

  private:
    static constexpr std::size_t SIDE_DELAY = 720;  // 15 ms
    static constexpr double MIN_DEPTH = 0.01, DEPTH_GAIN = 0.15, DEPTH_DELAY_MS = 40.0;

    // Down to a whole sample, as Distill does.
    static std::size_t echo_delay(double depth) {
        return static_cast<std::size_t>(depth * DEPTH_DELAY_MS * SAMPLE_RATE_HZ / 1000);
    }

    Stereo::Mode mode_;
    double width_, depth_;
    DelayLine side_;
    std::array<DelayLine, 2> echoes_;
};

// Keep a sample within full scale: what exceeds the level of a finished file by e goes towards full
// scale along h e / (h + e), h being the room that is left.
inline double soft_limit(double x) {
    constexpr double HEADROOM = 1.0 - TARGET_PEAK;
    const double over = std::abs(x) - TARGET_PEAK;
    if (!(over > 0.0)) return x;
    return std::copysign(TARGET_PEAK + HEADROOM * over / (HEADROOM + over), x);
}

class Output {
  public:
    Output(const Stereo& stereo, double gain) : spatial_(stereo), gain_(gain) {}

    std::array<float, 2> push(double first, double second) {
        const auto heard = spatial_.push(first, second);
        return {
            static_cast<float>(soft_limit(heard[0] * gain_)),
            static_cast<float>(soft_limit(heard[1] * gain_))};
    }

  private:
    Spatial spatial_;
    double gain_;
};

}  // namespace detail
}  // namespace distill
