// distill-play ARTIFACT OUT.wav [--seed N] [--seconds S] [--raw]: a seed's sound, as a WAV file.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "distill/distill.hpp"

namespace {

struct Request {
    std::string artifact, sound;
    std::uint32_t seed = 0;
    double seconds = 5.0;
    bool raw = false;  // the model's own level, not that of a finished file
};

struct Misuse : std::runtime_error {
    using std::runtime_error::runtime_error;
};

double number(const char* option, const char* text, double least, double most) {
    char* end = nullptr;
    const double value = text ? std::strtod(text, &end) : 0.0;
    if (!text || end == text || *end || !(value >= least && value <= most)) {
        throw Misuse(
            std::string(option) + (text ? std::string(" is ") + text : " has no value") + ", expected a number");
    }
    return value;
}

Request parse(int count, char** words) {
    Request request;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        const auto value = [&] { return i + 1 < count ? words[++i] : nullptr; };
        if (word == "--seed") {
            const double seed = number("--seed", value(), 0, 4294967295.0);
            if (seed != std::floor(seed)) throw Misuse("--seed is not a whole number");
            request.seed = static_cast<std::uint32_t>(seed);
        } else if (word == "--seconds") {
            request.seconds = number("--seconds", value(), 1e-4, 36000.0);
        } else if (word == "--raw") {
            request.raw = true;
        } else if (!word.empty() && word[0] == '-') {
            throw Misuse("there is no option " + word);
        } else {
            std::string& place = request.artifact.empty() ? request.artifact : request.sound;
            if (!place.empty()) throw Misuse("there are more than two files");
            place = word;
        }
    }
    if (request.sound.empty()) {
        throw Misuse("usage: distill-play ARTIFACT OUT.wav [--seed N] [--seconds S] [--raw]");
    }
    return request;
}

void put(std::string& bytes, std::uint32_t value, int width) {
    for (int i = 0; i < width; ++i) bytes += static_cast<char>(value >> 8 * i & 255);
}

// Write a mono WAV file of 32-bit floats beside the name, then under it.
void write_wav(const std::string& path, const std::vector<float>& samples) {
    const auto bytes = static_cast<std::uint32_t>(samples.size() * 4);
    std::string head = "RIFF";
    put(head, bytes + 50, 4);
    head += "WAVEfmt ";
    for (const auto& [value, width] : {std::pair{18, 4}, {3, 2}, {1, 2}, {distill::SAMPLE_RATE_HZ, 4},
             {distill::SAMPLE_RATE_HZ * 4, 4}, {4, 2}, {32, 2}, {0, 2}}) {
        put(head, static_cast<std::uint32_t>(value), width);
    }
    head += "fact";
    put(head, 4, 4);
    put(head, bytes / 4, 4);
    head += "data";
    put(head, bytes, 4);
    const std::string beside = path + ".part";
    std::ofstream file(beside, std::ios::binary);
    file.write(head.data(), static_cast<std::streamsize>(head.size()));
    file.write(reinterpret_cast<const char*>(samples.data()), bytes);
    file.close();
    if (!file || std::rename(beside.c_str(), path.c_str()) != 0) {
        std::remove(beside.c_str());
        throw std::runtime_error(path + ": it cannot be written");
    }
}

void play(const Request& request) {
    const auto artifact = distill::Artifact::load(request.artifact);
    const auto& model = artifact->metadata();
    auto latents = distill::trajectory(request.seed, request.seconds, model.latent_dim);
    if (model.landmarks) distill::pull(latents, *model.landmarks, model.landmarks->default_nearness);
    std::vector<float> sound = artifact->render(latents);
    sound.resize(static_cast<std::size_t>(std::llround(request.seconds * distill::SAMPLE_RATE_HZ)));
    float peak = 0.0F;
    for (const float sample : sound) peak = std::max(peak, std::abs(sample));
    if (!request.raw && peak > 1e-8F) {
        for (float& sample : sound) sample *= 0.891F / peak;
    }
    write_wav(request.sound, sound);
    std::printf("%s: %g s from seed %u\n", request.sound.c_str(), request.seconds, request.seed);
}

}  // namespace

int main(int count, char** words) {
    try {
        play(parse(count, words));
        return 0;
    } catch (const Misuse& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 2;
    } catch (const distill::ArtifactError& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 2;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s\n", error.what());
        return 1;
    }
}
