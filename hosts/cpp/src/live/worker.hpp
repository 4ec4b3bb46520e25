// When to render, and what: the next step, or an answer to a move
// (distill_runtime/generation/live/worker.py, answers.py).

#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "renderer.hpp"

namespace distill {
namespace detail {

// Moves from any thread; those that come before an answer are merged into the last of them.
class Moves {
  public:
    void ask(const Place& place, bool restart) {
        const std::lock_guard<std::mutex> lock(mutex_);
        asked_ = place;
        restart_ = restart_ || restart;
        is_asked_.store(true);
    }

    bool is_asked() const { return is_asked_.load(); }

    // Ask for a place again that could not be answered, unless another is asked for by now.
    void ask_again(const Place& place, bool restart) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!is_asked_.load()) asked_ = place;
        restart_ = restart_ || restart;
        is_asked_.store(true);
    }

    // Return the place that was asked for last, and whether the wandering begins anew.
    std::pair<Place, bool> take() {
        const std::lock_guard<std::mutex> lock(mutex_);
        is_asked_.store(false);
        return {asked_, std::exchange(restart_, false)};
    }

  private:
    std::mutex mutex_;
    Place asked_;
    bool restart_ = false;
    std::atomic<bool> is_asked_{false};
};

// Renders and answers moves, in whichever thread calls.
class Answers {
  public:
    Answers(Renderer& renderer, Player& player, Moves& moves)
        : renderer_(renderer), player_(player), moves_(moves) {}

    void extend(const Interrupt* interrupt = nullptr) {
        collect();
        deliver(renderer_.extend(interrupt));
    }

    // Answer the moves that came, from the sample on that is read next. `settle` lets the other half
    // take what is delivered, and returns false if it never will.
    template <typename Settle>
    void answer(double lead_s, Settle settle) {
        constexpr std::size_t STEPS = 2;  // that sound at any time
        const auto [place, restart] = moves_.take();
        if (place == renderer_.place() && !restart) return;
        collect();
        const auto lead = std::max<std::uint64_t>(
            FADE_SAMPLES, static_cast<std::uint64_t>(std::llround(lead_s * SAMPLE_RATE_HZ)));
        const std::uint64_t position = player_.position();
        const std::uint64_t playing = position / STEP_SAMPLES, within = position % STEP_SAMPLES;
        // If the step that plays ends before, the one before it has all but faded by then.
        std::uint64_t first = playing;
        if (within + lead <= STEP_SAMPLES && playing > 0) first = playing - 1;
        first = std::min(first, renderer_.next_step());
        Rewrite rewrite = renderer_.rewrite(place, first, STEPS, restart);
        for (;;) {
            player_.answer.store(Answer::none, std::memory_order_release);
            deliver(Renderer::delivery(rewrite, true));
            if (!settle()) return;
            if (player_.answer.load(std::memory_order_acquire) == Answer::taken) break;
            if (rewrite.is_full()) {  // the other half has run far ahead: begin again
                for (Block* block : rewrite.blocks) renderer_.recycle(block);
                moves_.ask_again(place, restart);
                return;
            }
            renderer_.grow(rewrite);
        }
        renderer_.keep(rewrite);
    }

  private:
    void deliver(const Delivery& delivery) { player_.deliveries.push(delivery); }

    void collect() {
        Block* block = nullptr;
        while (player_.heard.pop(block)) renderer_.recycle(block);
    }

    Renderer& renderer_;
    Player& player_;
    Moves& moves_;
};

// The thread that renders a live sound ahead of who reads it.
class Worker {
  public:
    Worker(
        const Artifact& artifact, Answers& answers, const Renderer& renderer, const Player& player,
        const Moves& moves)
        : answers_(answers),
          renderer_(renderer),
          player_(player),
          moves_(moves),
          interrupt_(artifact) {
        step_s_ = timed([&] { answers_.extend(); });
        thread_ = std::thread([this] { run(); });
    }

    ~Worker() {
        closed_.store(true);
        wake();
        thread_.join();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void wake() {
        if (can_wait_.load()) interrupt_.request();
        const std::lock_guard<std::mutex> lock(mutex_);
        is_woken_ = true;
        condition_.notify_one();
    }

    double load() const { return load_.load(std::memory_order_relaxed); }

    std::string failure() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return failure_;
    }

  private:
    using Clock = std::chrono::steady_clock;

    // So much is rendered ahead at least, and a whole step when no move came for a while: what moves
    // come upon is rendered in vain.
    static constexpr double LEAST_AHEAD_S = 0.25, CALM_S = 0.1, SHORTEST_WAIT_S = 0.001;
    static constexpr double STEP_S = double(STEP_SAMPLES) / SAMPLE_RATE_HZ;
    static constexpr double MEMORY_S = 0.5, NEW_SHARE = 0.2;
    // Of the time that a step takes: an answer takes two, and then a step more or another answer may
    // be needed before the one that plays has ended.
    static constexpr double LEAST_STEPS = 2.5, LEAD_STEPS = LEAST_STEPS + 2.5;
    static constexpr double REST = 0.25;  // of the time of an answer, for others to use the cores

    static double seconds_since(Clock::time_point start) {
        return std::chrono::duration<double>(Clock::now() - start).count();
    }

    template <typename Action>
    static double timed(Action action) {
        const auto start = Clock::now();
        action();
        return seconds_since(start);
    }

    void run() {
        auto before = Clock::now();
        while (!closed_.load()) {
            double busy_s = 0.0;
            try {
                busy_s = work();
            } catch (const std::exception& error) {
                const std::lock_guard<std::mutex> lock(mutex_);
                failure_ = error.what();
                return;
            }
            if (busy_s == 0.0) rest(idle_s());
            const double passed_s = std::max(seconds_since(before), 1e-9);
            before = Clock::now();
            const double share = std::min(1.0, busy_s / passed_s), old = load_.load();
            load_.store(old + (1.0 - std::exp(-passed_s / MEMORY_S)) * (share - old));
        }
    }

    // Do what is most urgent and return how long it took, 0 if there is nothing to do.
    double work() {
        if (ahead_s() < LEAST_STEPS * step_s_) return extend();
        if (moves_.is_asked()) return answer();
        if (ahead_s() < wanted_s()) return extend_unless_moved();
        return 0.0;
    }

    // There is time: a move that comes meanwhile is answered first, and this begun anew.
    double extend_unless_moved() {
        interrupt_.clear();
        can_wait_.store(true);
        if (moves_.is_asked()) interrupt_.request();  // by one who saw no reason to
        bool is_done = false;
        const double took_s = timed([&] {
            try {
                answers_.extend(&interrupt_);
                is_done = true;
            } catch (const InterruptedError&) {
            }
        });
        can_wait_.store(false);
        if (is_done) learn(took_s);
        return took_s;
    }

    double extend() {
        const double took_s = timed([&] { answers_.extend(); });
        learn(took_s);
        return took_s;
    }

    void learn(double took_s) { step_s_ += NEW_SHARE * (took_s - step_s_); }

    double answer() {
        if (Clock::now() < rest_until_) return 0.0;
        double waited_s = 0.0;
        const double took_s = timed([&] {
            answers_.answer(LEAD_STEPS * step_s_, [&] {
                waited_s += timed([&] { wait_for_answer(); });
                return !closed_.load();
            });
        });
        last_answer_ = Clock::now();
        const double busy_s = took_s - waited_s;
        rest_until_ = last_answer_ + std::chrono::duration_cast<Clock::duration>(
                                         std::chrono::duration<double>(REST * busy_s));
        return busy_s;
    }

    // Until the next block is read; it cannot wake anybody, for that could block it.
    void wait_for_answer() {
        while (!closed_.load() && player_.answer.load(std::memory_order_acquire) == Answer::none) {
            std::this_thread::sleep_for(std::chrono::microseconds(500));
        }
    }

    void rest(double seconds) {
        std::unique_lock<std::mutex> lock(mutex_);
        condition_.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return is_woken_; });
        is_woken_ = false;
    }

    double ahead_s() const {
        const double end = double(renderer_.next_step()) * STEP_SAMPLES;
        return (end - double(player_.position())) / SAMPLE_RATE_HZ;
    }

    double wanted_s() const { return seconds_since(last_answer_) > CALM_S ? STEP_S : LEAST_AHEAD_S; }

    double idle_s() const {
        if (moves_.is_asked()) return SHORTEST_WAIT_S;
        return std::max(SHORTEST_WAIT_S, std::min(ahead_s() - wanted_s(), CALM_S));
    }

    Answers& answers_;
    const Renderer& renderer_;
    const Player& player_;
    const Moves& moves_;
    double step_s_ = 0.0;
    Clock::time_point last_answer_{}, rest_until_{};
    std::atomic<double> load_{0.0};
    std::atomic<bool> closed_{false};
    std::atomic<bool> can_wait_{false};  // what is rendered
    Interrupt interrupt_;
    mutable std::mutex mutex_;
    std::condition_variable condition_;
    bool is_woken_ = false;
    std::string failure_;
    std::thread thread_;
};

}  // namespace detail
}  // namespace distill
