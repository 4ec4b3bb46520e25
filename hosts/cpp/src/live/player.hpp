// What is heard of the steps that were rendered: the audio thread's half of a live sound.
//
// Steps come through a queue without locks, and go back through another when they were heard. Steps
// that were rendered anew are faded in here, from the very sample that is read next.

#pragma once

#include <atomic>

#include "output.hpp"

namespace distill {
namespace detail {

constexpr std::size_t FADE_SAMPLES = 960;  // 20 ms

// A queue from one thread to one other (Lamport 1983, "Specifying concurrent program modules").
template <typename T, std::size_t CAPACITY>
class Queue {
  public:
    bool push(const T& item) {
        const std::size_t tail = tail_.load(std::memory_order_relaxed);
        if (tail - head_.load(std::memory_order_acquire) == CAPACITY) return false;
        items_[tail % CAPACITY] = item;
        tail_.store(tail + 1, std::memory_order_release);
        return true;
    }

    bool pop(T& item) {
        const std::size_t head = head_.load(std::memory_order_relaxed);
        if (head == tail_.load(std::memory_order_acquire)) return false;
        item = items_[head % CAPACITY];
        head_.store(head + 1, std::memory_order_release);
        return true;
    }

  private:
    std::array<T, CAPACITY> items_{};
    alignas(64) std::atomic<std::size_t> head_{0};
    alignas(64) std::atomic<std::size_t> tail_{0};
};

// The audio [rows, STEP_SAMPLES] of a step.
using Block = std::vector<float>;

// Steps from `first` on: one more, or some that were rendered anew, which replace all that is there
// from the first on.
struct Delivery {
    static constexpr std::size_t MAX_BLOCKS = 6;
    std::uint64_t first = 0;
    std::size_t count = 0;
    bool is_new = false;  // rendered anew
    std::array<Block*, MAX_BLOCKS> blocks{};
};

enum class Answer { none, taken, too_late };

class Player {
  public:
    Player(std::size_t rows, std::uint64_t latency, const Stereo& stereo, double gain)
        : rows_(rows), output_(stereo, gain), position_(latency) {}

    // Whether a delivery of steps rendered anew was taken; read by the thread that renders.
    std::atomic<Answer> answer{Answer::none};
    Queue<Delivery, 16> deliveries;  // to the audio thread
    Queue<Block*, 64> heard;         // and back

    // Of the sample that is read next, counted from the start of the stream.
    std::uint64_t position() const { return position_.load(std::memory_order_acquire); }

    // Write the next samples, fewer if no more are there, and return how many.
    std::size_t read(float* const* outputs, std::size_t channels, std::size_t samples) {
        take();
        std::uint64_t at = position_.load(std::memory_order_relaxed);
        const std::uint64_t end = end_ * STEP_SAMPLES;
        const auto ready = static_cast<std::size_t>(
            std::min<std::uint64_t>(samples, end > at ? end - at : 0));
        for (std::size_t i = 0; i < ready; ++i, ++at) {
            const float* block = slot(at / STEP_SAMPLES)->data() + at % STEP_SAMPLES;
            const auto sample = output_.push(block[0], block[rows_ > 1 ? STEP_SAMPLES : 0]);
            for (std::size_t c = 0; c < channels; ++c) outputs[c][i] = sample[c];
        }
        position_.store(at, std::memory_order_release);
        give_back(at / STEP_SAMPLES);
        return ready;
    }

    // Take what was delivered; `read` does so first.
    void take() {
        Delivery delivery;
        while (deliveries.pop(delivery)) {
            if (!delivery.is_new) {
                slot(delivery.first) = delivery.blocks[0];
                end_ = delivery.first + 1;
            } else if (can_be_heard(delivery)) {
                replace(delivery);
                answer.store(Answer::taken, std::memory_order_release);
            } else {
                answer.store(Answer::too_late, std::memory_order_release);
            }
        }
    }

  private:
    static constexpr std::size_t SLOTS = 16;

    Block*& slot(std::uint64_t step) { return slots_[step % SLOTS]; }

    bool can_be_heard(const Delivery& delivery) const {
        const std::uint64_t at = position_.load(std::memory_order_relaxed);
        return at + FADE_SAMPLES <= (delivery.first + delivery.count) * STEP_SAMPLES;
    }

    void replace(const Delivery& delivery) {
        const std::uint64_t at = position_.load(std::memory_order_relaxed);
        const std::uint64_t end = end_ * STEP_SAMPLES;
        if (end > at) fade(delivery, at, std::min<std::uint64_t>(FADE_SAMPLES, end - at));
        for (std::uint64_t step = delivery.first; step < end_; ++step) {
            if (slot(step)) heard.push(slot(step));
            slot(step) = nullptr;
        }
        for (std::size_t i = 0; i < delivery.count; ++i) {
            slot(delivery.first + i) = delivery.blocks[i];
        }
        end_ = delivery.first + delivery.count;
        oldest_ = std::min(oldest_, delivery.first);
    }

    // Go from what is there to what is new: weights 6t^5 - 15t^4 + 10t^3 (Perlin, "Improving noise",
    // 2002), divided by the root of the power that two signals of this correlation have under them
    // (distill_runtime/generation/live/crossfade.py).
    void fade(const Delivery& delivery, std::uint64_t at, std::uint64_t samples) {
        const auto before = [&](std::size_t row, std::uint64_t place) -> float {
            return (*slot(place / STEP_SAMPLES))[row * STEP_SAMPLES + place % STEP_SAMPLES];
        };
        const auto after = [&](std::size_t row, std::uint64_t place) -> float& {
            Block& block = *delivery.blocks[place / STEP_SAMPLES - delivery.first];
            return block[row * STEP_SAMPLES + place % STEP_SAMPLES];
        };
        double aa = 0.0, bb = 0.0, ab = 0.0;
        for (std::size_t row = 0; row < rows_; ++row) {
            for (std::uint64_t i = at; i < at + samples; ++i) {
                const double a = before(row, i), b = after(row, i);
                aa += a * a;
                bb += b * b;
                ab += a * b;
            }
        }
        const double correlation = rounded(ab, std::sqrt(aa * bb));
        for (std::uint64_t i = 0; i < samples; ++i) {
            const double t = (static_cast<double>(i) + 0.5) / static_cast<double>(samples);
            const double rise = t * t * t * (t * (t * 6.0 - 15.0) + 10.0), fall = 1.0 - rise;
            const double power = rise * rise + fall * fall + 2.0 * correlation * rise * fall;
            for (std::size_t row = 0; row < rows_; ++row) {
                const double a = before(row, at + i), b = after(row, at + i);
                after(row, at + i) = static_cast<float>((fall * a + rise * b) / std::sqrt(power));
            }
        }
    }

    // Sixteen parts, so that the last bits of a sum, which no two programs add up alike, decide
    // nothing. Halves go to the even one, as Python rounds.
    static double rounded(double product, double energy) {
        if (energy == 0.0) return 1.0;  // one is silence: its weight is right as it is
        const double parts = std::nearbyint(product / energy * 16.0) / 16.0;
        return std::min(1.0, std::max(0.0, parts));
    }

    void give_back(std::uint64_t playing) {
        for (; oldest_ < playing; ++oldest_) {
            if (slot(oldest_)) heard.push(slot(oldest_));
            slot(oldest_) = nullptr;
        }
    }

    std::size_t rows_;
    Output output_;
    std::array<Block*, SLOTS> slots_{};
    std::atomic<std::uint64_t> position_;
    std::uint64_t end_ = 0;  // the step after the last that is here
    std::uint64_t oldest_ = 0;
};

}  // namespace detail
}  // namespace distill
