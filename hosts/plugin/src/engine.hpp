// What turns parameters into a sound: it loads models and moves their voice, in a thread of its own,
// or, where a host may wait (Render: Bounce), in the thread that asks.

#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "knobs.hpp"
#include "models.hpp"
#include "parameters.hpp"
#include "slot.hpp"

namespace plugin {

class Engine {
  public:
    Engine() : models_(find_models()) {
        for (std::uint32_t p = 0; p < PARAMETERS; ++p) {
            values_[p] = is_knob(p) ? 0.0F : description(p).usual;
        }
        if (!models_.empty()) values_[MODEL] = 1.0F;
        if (models_.size() == 1) describe(models_[0]);
        if (alone_ && alone_->landmarks) {
            values_[NEARNESS] = static_cast<float>(alone_->landmarks->default_nearness);
        }
        thread_ = std::thread([this] { run(); });
    }

    ~Engine() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            is_closed_ = true;
        }
        closing_.notify_one();
        thread_.join();
    }
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    const std::vector<Model>& models() const { return models_; }

    // The model, if there is but one: its labels are then the knobs'.
    const distill::Metadata* alone() const { return alone_.get(); }

    float value(std::uint32_t parameter) const { return values_[parameter].load(std::memory_order_relaxed); }
    void set(std::uint32_t parameter, float value) {
        values_[parameter].store(value, std::memory_order_relaxed);
    }

    // A key starts a sound of its own. For the audio thread.
    void press(std::uint8_t key) {
        const std::uint32_t before = pressed_.load(std::memory_order_relaxed);
        pressed_.store((before & ~255U) + 256U + key, std::memory_order_release);
    }

    void read(float* const* outputs, std::size_t samples) { slot_.read(outputs, samples); }

    // Do now what the parameters ask for, to bounce; with `afresh` the sound begins again. It may take
    // long.
    void serve_now(bool afresh) {
        const std::lock_guard<std::mutex> lock(mutex_);
        serve(true, afresh);
    }

    // What a project keeps of the model: its name and its weights' hash.
    std::pair<std::string, std::string> kept() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        const std::size_t choice = wanted_model();
        const bool is_new = kept_name_.empty() && choice > 0 && choice <= models_.size();
        return {is_new ? models_[choice - 1].name : kept_name_, kept_sha256_};
    }
    void restore(const std::string* name, const std::string* sha256) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (name) kept_name_ = *name;
        if (sha256) kept_sha256_ = *sha256;
        is_restored_ = !kept_name_.empty() || !kept_sha256_.empty();
        restored_ = shunned_ = NO_CHOICE;
        restored_at_ = Clock::now();
    }

    // What is to be said to the user, in a sentence.
    std::string message() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return message_;
    }

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds GLANCE{2}, SETTLING{50}, RESTORING{1000};
    static constexpr std::size_t NO_CHOICE = MAX_MODELS + 1;

    void describe(const Model& model) {
        try {
            alone_ = std::make_unique<distill::Metadata>(inspect(model));
        } catch (const std::exception&) {  // it is said when it is loaded
        }
    }

    static distill::Metadata inspect(const Model& model) {
        if (model.path.empty()) return distill::Artifact::inspect_memory(BUILT_IN, BUILT_IN_SIZE);
        return distill::Artifact::inspect(model.path);
    }

    void run() {
        std::unique_lock<std::mutex> lock(mutex_);
        while (!is_closed_) {
            slot_.collect();
            if (value(RENDER) == LIVE) serve(false, false);
            closing_.wait_for(lock, GLANCE, [&] { return is_closed_; });
        }
    }

    // Everything below holds the lock.

    void serve(bool now, bool afresh) {
        try {
            if (is_restored_ && (now || Clock::now() - restored_at_ > SETTLING)) find_restored(now);
            if (Clock::now() - restored_at_ < RESTORING) stay_restored();
            if (!load(wanted_model(), now)) return;
            if (!now && value(RENDER) != LIVE) return;  // by now: the host's thread begins the sound
            const bool is_live = !now;
            if (!voice_ || afresh || is_live != is_live_) begin(is_live, now);
            else follow();
            watch();
        } catch (const distill::BackendError& error) {
            give_up(STOPPED, error, now);
        } catch (const std::exception& error) {
            give_up(REFUSED, error, now);
        }
    }

    void give_up(Status status, const std::exception& error, bool now) {
        artifact_.reset();
        silence(now);
        say(status, error.what());
    }

    void silence(bool now) {
        voice_ = nullptr;
        if (now) slot_.replace(nullptr);
        else slot_.offer(nullptr);
    }

    // Look for the model of a project, wherever it is in the list by now.
    void find_restored(bool now) {
        is_restored_ = false;
        std::size_t found = models_.size();
        for (std::size_t pass = 0; pass < 3 && found == models_.size(); ++pass) {
            for (std::size_t i = 0; i < models_.size() && found == models_.size(); ++i) {
                const bool has_name = models_[i].name == kept_name_;
                if (pass == 2 ? has_name : (pass == 1 || has_name) && has_hash(models_[i])) found = i;
            }
        }
        if (found == models_.size()) {
            shunned_ = wanted_model();
            artifact_.reset();
            loaded_ = NO_CHOICE;
            silence(now);
            say(MISSING, "this project plays " + kept_name_ + ", which is not in " +
                             models_place().u8string() + ": put it there and open the project again");
            return;
        }
        shunned_ = NO_CHOICE;
        restored_ = found + 1;
        set(MODEL, static_cast<float>(restored_));
    }

    // A project's choice may come later than its states, and is then that of another list.
    void stay_restored() {
        if (shunned_ != NO_CHOICE) shunned_ = wanted_model();
        else if (restored_ != NO_CHOICE) set(MODEL, static_cast<float>(restored_));
    }

    // The host's choice: 0 is none, 1 the first of the list.
    std::size_t wanted_model() const {
        return static_cast<std::size_t>(std::lround(within(value(MODEL), 0.0, MAX_MODELS)));
    }

    bool has_hash(const Model& model) const {
        try {
            return !kept_sha256_.empty() && inspect(model).weights_sha256 == kept_sha256_;
        } catch (const std::exception&) {
            return false;
        }
    }

    // Load what is chosen if it is another one; return whether there is something to play.
    bool load(std::size_t choice, bool now) {
        if (choice == shunned_) return false;  // of a project whose model is not here
        shunned_ = NO_CHOICE;
        if (choice == loaded_) return !!artifact_;
        loaded_ = choice;
        artifact_.reset();
        silence(now);
        if (choice == 0 || choice > models_.size()) {
            const std::string place = models_place().u8string();
            say(NO_MODEL, models_.empty() ? "there is no model in " + place +
                                                ": put a file of distill-export there"
                                          : "no model is chosen");
            return false;
        }
        const Model& model = models_[choice - 1];
        say(LOADING, "loading " + model.name);
        artifact_ = model.path.empty() ? distill::Artifact::from_memory(BUILT_IN, BUILT_IN_SIZE)
                                       : distill::Artifact::load(model.path);
        kept_name_ = model.name;
        kept_sha256_ = artifact_->metadata().weights_sha256;
        return true;
    }

    void begin(bool is_live, bool now) {
        distill::LiveVoice::Settings settings;
        settings.place = place_ = wanted_place();
        settings.stereo.mode = distill::Stereo::Mode::dual_seed;
        settings.realtime = is_live;
        auto voice = std::make_unique<distill::LiveVoice>(artifact_, settings);
        voice_ = voice.get();
        is_live_ = is_live;
        served_ = pressed_.load(std::memory_order_acquire);
        if (now) slot_.replace(std::move(voice));
        else slot_.offer(std::move(voice));
        say(PLAYING, artifact_->metadata().name + " plays");
    }

    // Move the voice to where the parameters are by now.
    void follow() {
        const std::uint32_t pressed = pressed_.load(std::memory_order_acquire);
        const bool restart = pressed != served_;
        served_ = pressed;
        distill::Place place = wanted_place();
        if (place == place_ && !restart) return;
        place_ = place;
        voice_->move(place, restart);
    }

    void watch() {
        set(LOAD, static_cast<float>(voice_->load()));
        set(UNDERRUNS, static_cast<float>(voice_->underruns()));
        const std::string failure = voice_->failure();
        if (!failure.empty()) say(STOPPED, failure);
    }

    distill::Place wanted_place() const {
        const distill::Metadata& metadata = artifact_->metadata();
        const std::uint32_t key = pressed_.load(std::memory_order_acquire) & 255U;
        distill::Place place;
        place.seed = static_cast<std::uint32_t>(std::lround(within(value(SEED), 0.0, LAST_SEED)));
        if (value(PLAY) == BY_KEYS) place.seed += key;
        place.hold = value(HOLD) >= 0.5F;
        place.nearness = metadata.landmarks ? share(NEARNESS) : 0.0;
        const bool has_sliders = value(SOURCE) == FROM_SLIDERS && metadata.sliders;
        if (has_sliders) {
            place.drift = share(DRIFT);
            place.sliders.assign(metadata.sliders->sliders.size(), 0.0);
        }
        place.controls.assign(metadata.controls.size(), 0.0);
        for (std::uint32_t knob = 0; knob < KNOBS; ++knob) {
            const Lever lever = lever_of(metadata, knob);
            const double steps = value(FIRST_KNOB + knob);
            if (lever.control) {
                place.controls[lever.index] = within(steps, -distill::MAX_STEP, distill::MAX_STEP);
            } else if (lever.slider && has_sliders) {
                place.sliders[lever.index] = within(steps, lever.slider->min_step, lever.slider->max_step);
            }
        }
        return place;
    }

    static double within(double value, double least, double most) {
        return std::isfinite(value) ? std::min(most, std::max(least, value)) : 0.0;
    }

    double share(std::uint32_t parameter) const { return within(value(parameter), 0.0, 1.0); }

    void say(Status status, const std::string& text) {
        set(STATUS, status);
        message_ = text;
    }

    const std::vector<Model> models_;
    std::unique_ptr<distill::Metadata> alone_;
    std::array<std::atomic<float>, PARAMETERS> values_{};
    std::atomic<std::uint32_t> pressed_{60};  // a key, and above it how often one was pressed
    Slot slot_;

    mutable std::mutex mutex_;
    std::condition_variable closing_;
    bool is_closed_ = false;
    std::shared_ptr<const distill::Artifact> artifact_;
    std::size_t loaded_ = NO_CHOICE;  // that was loaded last, or refused
    distill::LiveVoice* voice_ = nullptr;  // the slot's
    distill::Place place_;
    std::uint32_t served_ = 0;
    bool is_live_ = true;
    std::string kept_name_, kept_sha256_, message_;
    std::size_t shunned_ = NO_CHOICE;  // that stands for a model which is missing
    std::size_t restored_ = NO_CHOICE;  // that is a project's
    bool is_restored_ = false;
    Clock::time_point restored_at_{};
    std::thread thread_;
};

}  // namespace plugin
