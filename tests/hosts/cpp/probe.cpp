// Does what a script says with the C++ library and writes the numbers that come of it, so that the
// tests can compare them with Python's.
//
//     probe ARTIFACT LIBRARY OUT < SCRIPT
//
// A line of the script is a word and what it needs:
//     seeds SEED N                 draw values
//     path SEED SECONDS            a trajectory
//     evolve SEED SECONDS AMOUNT   one from the vector that is set
//     stream SEED SECONDS STEPS    render it, so many steps a call, latency and tail included
//     interrupted X                whether each step of a stream is first begun in vain
//     seed|drift|nearness|hold X   change the place that the next voice or move is for
//     sliders|controls|vector X... the same; without numbers, none
//     voice MODE GAIN REALTIME     begin a live sound; a GAIN of - is the library's own
//     move [restart]               go to the place
//     read N                       read samples, channel after channel
//     pause MILLISECONDS           let a live sound render

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "distill/distill.hpp"

namespace {

using namespace distill;

class Probe {
  public:
    Probe(const char* artifact, const char* library, const char* out) : out_(out, std::ios::binary) {
        Options options;
        options.onnxruntime = library;
        artifact_ = Artifact::load(artifact, options);
        std::printf("onnxruntime %s\n", artifact_->onnxruntime_version().c_str());
    }

    void run(const std::string& line) {
        std::istringstream words(line);
        std::string word;
        if (!(words >> word)) return;
        if (word == "seeds") return seeds(words);
        if (word == "path") return path(words);
        if (word == "evolve") return evolve_path(words);
        if (word == "stream") return stream(words);
        if (word == "voice") return begin(words);
        if (word == "move") return voice_->move(place_, bool(words >> word));
        if (word == "read") return read(next<std::size_t>(words));
        if (word == "pause") {
            return std::this_thread::sleep_for(std::chrono::milliseconds(next<int>(words)));
        }
        set(word, words);
    }

    void report() const {
        if (!voice_) return;
        std::printf(
            "gain %.17g underruns %llu load %.4f\n", voice_->gain(),
            static_cast<unsigned long long>(voice_->underruns()), voice_->load());
    }

  private:
    template <typename T>
    static T next(std::istringstream& words) {
        T value{};
        if (!(words >> value)) throw std::runtime_error("a number is missing");
        return value;
    }

    template <typename T>
    static std::vector<T> rest(std::istringstream& words) {
        std::vector<T> values;
        for (T value; words >> value;) values.push_back(value);
        return values;
    }

    void write(const std::vector<float>& values) {
        out_.write(
            reinterpret_cast<const char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
    }

    std::size_t latent_dim() const { return artifact_->metadata().latent_dim; }

    void seeds(std::istringstream& words) {
        Seeds seeds(next<std::uint32_t>(words));
        write(seeds.randn(next<std::size_t>(words)));
    }

    void path(std::istringstream& words) {
        const auto seed = next<std::uint32_t>(words);
        write(trajectory(seed, next<double>(words), latent_dim()));
    }

    void evolve_path(std::istringstream& words) {
        const auto seed = next<std::uint32_t>(words);
        const auto seconds = next<double>(words);
        write(evolve(place_.vector, seed, seconds, next<double>(words)));
    }

    void stream(std::istringstream& words) {
        const auto seed = next<std::uint32_t>(words);
        auto latents = trajectory(seed, next<double>(words), latent_dim());
        if (place_.nearness > 0.0) pull(latents, *artifact_->metadata().landmarks, place_.nearness);
        const std::size_t call = next<std::size_t>(words) * latent_dim();
        State state = artifact_->initial_state();
        for (std::size_t at = 0; at < latents.size(); at += call) {
            const std::size_t end = std::min(at + call, latents.size());
            const std::vector<float> part(&latents[at], &latents[0] + end);
            Interrupt interrupt(*artifact_);
            if (is_interrupted_) try_in_vain(part, state, interrupt);
            write(artifact_->step(part, 1, state, end == latents.size(), &interrupt));
        }
    }

    // Interrupt a step, which must leave no trace.
    void try_in_vain(const std::vector<float>& latents, State& state, Interrupt& interrupt) {
        const State before = state;
        interrupt.request();
        try {
            artifact_->step(latents, 1, state, false, &interrupt);
            throw std::runtime_error("a step was not interrupted");
        } catch (const InterruptedError&) {
        }
        if (state != before) throw std::runtime_error("an interrupted step changed the state");
        interrupt.clear();
    }

    void set(const std::string& word, std::istringstream& words) {
        if (word == "seed") place_.seed = next<std::uint32_t>(words);
        else if (word == "drift") place_.drift = next<double>(words);
        else if (word == "nearness") place_.nearness = next<double>(words);
        else if (word == "hold") place_.hold = next<int>(words) != 0;
        else if (word == "interrupted") is_interrupted_ = next<int>(words) != 0;
        else if (word == "sliders") place_.sliders = rest<double>(words);
        else if (word == "controls") place_.controls = rest<double>(words);
        else if (word == "vector") place_.vector = rest<float>(words);
        else throw std::runtime_error("there is no word " + word);
    }

    void begin(std::istringstream& words) {
        const auto mode = next<std::string>(words), gain = next<std::string>(words);
        LiveVoice::Settings settings;
        settings.place = place_;
        settings.stereo.mode = mode == "mono"       ? Stereo::Mode::mono
                               : mode == "mid-side" ? Stereo::Mode::mid_side
                                                    : Stereo::Mode::dual_seed;
        if (gain != "-") settings.gain = std::stod(gain);
        settings.realtime = next<int>(words) != 0;
        voice_ = std::make_unique<LiveVoice>(artifact_, settings);
    }

    void read(std::size_t samples) {
        std::vector<float> first(samples), second(samples);
        float* outputs[] = {first.data(), second.data()};
        voice_->read(outputs, samples);
        write(first);
        if (voice_->channels() > 1) write(second);
    }

    std::shared_ptr<const Artifact> artifact_;
    bool is_interrupted_ = false;
    Place place_;
    std::unique_ptr<LiveVoice> voice_;
    std::ofstream out_;
};

}  // namespace

int main(int count, char** words) {
    if (count != 4) return 2;
    try {
        Probe probe(words[1], words[2], words[3]);
        for (std::string line; std::getline(std::cin, line);) probe.run(line);
        probe.report();
        return 0;
    } catch (const std::exception& error) {
        std::printf("%s\n", error.what());
        return 1;
    }
}
