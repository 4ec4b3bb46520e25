// Keys and their envelope: the last key that is held sounds, and its gate opens and closes the level.

#pragma once

#include <array>
#include <cmath>
#include <cstdint>

namespace plugin {

class Keys {
  public:
    // Return whether this is a key that sounds now, and did not before.
    bool press(std::uint8_t key, float velocity) {
        release(key);
        if (count_ < held_.size()) held_[count_++] = {key, velocity};
        return true;
    }

    void release(std::uint8_t key) {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < count_; ++i) {
            if (held_[i].key != key) held_[kept++] = held_[i];
        }
        count_ = kept;
    }

    void release_all() { count_ = 0; }
    bool is_any_held() const { return count_ > 0; }
    std::uint8_t key() const { return held_[count_ - 1].key; }
    float velocity() const { return held_[count_ - 1].velocity; }

  private:
    struct Held {
        std::uint8_t key = 0;
        float velocity = 0.0F;
    };
    std::array<Held, 128> held_{};
    std::size_t count_ = 0;
};

// A level that goes straight to where it is sent, in so many samples from one end to the other.
class Envelope {
  public:
    void send(float level) { target_ = level; }

    void jump(float level) { level_ = target_ = level; }

    // Return the next sample's level; times are of a whole rise and fall.
    float next(float rise_per_sample, float fall_per_sample) {
        if (level_ < target_) level_ = std::min(target_, level_ + rise_per_sample);
        else if (level_ > target_) level_ = std::max(target_, level_ - fall_per_sample);
        return level_;
    }

    bool is_silent() const { return level_ == 0.0F && target_ == 0.0F; }

  private:
    float level_ = 0.0F, target_ = 0.0F;
};

inline float per_sample(float milliseconds, double rate_hz) {
    const double samples = milliseconds / 1000.0 * rate_hz;
    return samples < 1.0 ? 1.0F : static_cast<float>(1.0 / samples);
}

}  // namespace plugin
